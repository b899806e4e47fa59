/* Free descriptors are counted near the limit, and only there. */
#include "superd/loop/engine.h"
#include "tests/unit/unit.h"

#include <sys/resource.h>

static struct engine engine;

static void open_null(void)
{
	engine.null_output = open("/dev/null", O_RDONLY | O_CLOEXEC);
	cr_assert_geq(engine.null_output, 0);
}

TestSuite(engine, .init = open_null);

Test(engine, counts_free_descriptors_near_the_limit)
{
	const struct rlimit few = { (rlim_t)engine.null_output + 8, (rlim_t)engine.null_output + 8 };
	size_t unused = 0;

	for (int fd = 0; fd < engine.null_output + 8; fd++)
		unused += fcntl(fd, F_GETFD) < 0;
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
	cr_expect_eq(engine_count_free(&engine, 200), unused);
	cr_expect_eq(engine_count_free(&engine, unused - 1), unused - 1);
	cr_assert_geq(dup(engine.null_output), 0);
	cr_expect_eq(engine_count_free(&engine, 200), unused - 1);
	cr_expect_eq(engine_count_free(&engine, 200), unused - 1, "the copies were not closed");
}

Test(engine, knows_of_many_far_from_the_limit)
{
	const struct rlimit many = { 4096, 4096 };

	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &many), 0);
	cr_expect_eq(engine_count_free(&engine, 200), 200);
	cr_expect_eq(engine_count_free(&engine, 3000), 3000);
}
