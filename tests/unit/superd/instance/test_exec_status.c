/* What is heard of a start apart when its pipe does not end with it. */
#include "os/foreign/fork_fds.h"
#include "superd/instance/exec_status.h"
#include "tests/unit/unit.h"

static struct exec_status apart;
static struct ev_loop *loop;
static int ends[2], told, error;

static void on_told(struct exec_status *one, const struct fault *fault)
{
	cr_assert_eq(one, &apart);
	told++;
	error = fault ? fault->error : 0;
}

static void begin(void)
{
	loop = ev_loop_new(EVFLAG_AUTO);
	exec_status_init(&apart, loop, on_told);
	cr_assert(fork_fds_open_report(ends, 3));
	exec_status_watch(&apart, ends[0]);
	told = 0;
}

/* The writing end is open to the last: as another process, made at the same moment, has a copy. */
static void finish(void)
{
	exec_status_forget(&apart);
	ev_loop_destroy(loop);
	close(ends[1]);
}

TestSuite(apart, .init = begin, .fini = finish);

Test(apart, waits_while_its_process_is_on_its_way)
{
	exec_status_settle(&apart, false);
	ev_run(loop, EVRUN_NOWAIT);
	cr_expect_eq(told, 0);
	cr_expect(exec_status_is_under_way(&apart));
}

Test(apart, is_settled_by_the_end_of_its_process_though_another_keeps_the_pipe_open)
{
	exec_status_settle(&apart, true);
	cr_expect_eq(told, 1);
	cr_expect_eq(error, 0);
	cr_expect_not(exec_status_is_under_way(&apart));
}

Test(apart, tells_the_fault_that_is_there_at_the_end)
{
	const struct fault fault = { .stage = STAGE_EXEC, .error = ENOENT };

	cr_assert_eq(write(ends[1], &fault, sizeof(fault)), (ssize_t)sizeof(fault));
	exec_status_settle(&apart, true);
	cr_expect_eq(told, 1);
	cr_expect_eq(error, ENOENT);
	exec_status_settle(&apart, true);
	cr_expect_eq(told, 1, "told twice");
}
