/* What superd believes of the process that answers the calls of bind(2). */
#include "superd/process/bind_worker.h"
#include "tests/unit/unit.h"

#include <stdatomic.h>

#include "lib/clock.h"
#include "tests/unit/hang.h"

static int64_t busy_since(int64_t since)
{
	struct bind_worker worker;
	int64_t busy;
	int file;

	bind_worker_init(&worker);
	worker.progress = worker_memory_open(sizeof(*worker.progress), &file);
	cr_assert_not_null(worker.progress);
	cr_expect_lt(ftruncate(file, 0), 0, "the process could make superd end by SIGBUS");
	close(file);
	worker.process.channel = 0;     /* it has one */
	atomic_store(&worker.progress->since, since);
	busy = bind_worker_busy(&worker);
	bind_worker_free(&worker);
	return busy;
}

Test(bind_worker, is_busy_since_its_call)
{
	int64_t busy = busy_since(clock_ms() - 1000);

	cr_expect_eq(busy_since(0), 0);
	cr_expect_gt(busy, 1000);
	cr_expect_lt(busy, 1000 + HANG_MS);
	cr_expect_geq(busy_since(clock_ms()), 1);
}

/* One that was taken over could otherwise hang for ever. */
Test(bind_worker, is_busy_for_ever_by_a_time_that_cannot_be)
{
	cr_expect_eq(busy_since(INT64_MAX), INT64_MAX);
	cr_expect_eq(busy_since(clock_ms() + 2 * HANG_MS), INT64_MAX);
	cr_expect_eq(busy_since(-1), INT64_MAX);
	cr_expect_eq(busy_since(INT64_MIN), INT64_MAX);
}
