/* Work in a process with a time limit that an attacker has taken over: what superd takes of it. */
#include "os/host/host.h"
#include "tests/unit/unit.h"

TestSuite(fork_with_timeout, .timeout = 60);

static int count_open(void)
{
	int count = 0;

	for (int fd = 0; fd < 256; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

/* A descriptor that may be passed: a fifo. */
static int pass(const void *unused, struct buf *why)
{
	int ends[2];

	(void)unused, (void)why;
	return pipe(ends) < 0 ? -1 : ends[0];
}

Test(fork_with_timeout, takes_a_descriptor_only_where_it_expects_one)
{
	struct buf why = { 0 };
	int before = count_open(), fd;

	cr_expect_eq(foreign_fork("/none", pass, NULL, -1, false, &why), -1);
	cr_expect_eq(count_open(), before, "%d descriptors more", count_open() - before);
	fd = foreign_fork("/none", pass, NULL, -1, true, &why);
	cr_expect_geq(fd, 0);
	fd_close(&fd);
	buf_free(&why);
}
