/* What is a failure of a service, and which of them are kept. */
#include "superd/stop/exit_verdict.h"
#include "superd/instance/service_stats.h"
#include "tests/unit/unit.h"

static struct restart_options restart_options;
static struct exec_options options;
static struct option_groups groups = { .restart = &restart_options };
static const struct service service = { .name = "job", .exec = &options, .groups = &groups };

static void begin(void)
{
	restart_options = (struct restart_options){ 0 };
	options = (struct exec_options){ .accept = true };
}

TestSuite(failure, .init = begin);

static bool fails(int status)
{
	const struct ending ending = { .status = status, .result = result_of_status(&service, status) };

	return exit_verdict_is_failure(&service, &ending);
}

Test(failure, of_a_client_of_its_own_is_a_signal)
{
	cr_expect(fails(SIGSEGV));
	cr_expect(fails(SIGABRT | 0x80));
	cr_expect(fails(SIGKILL));
	cr_expect(fails(SIGHUP | 0x80), "a core was dumped");
	cr_expect_not(fails(SIGHUP));
	cr_expect_not(fails(SIGINT));
	cr_expect_not(fails(SIGTERM));
	cr_expect_not(fails(SIGPIPE));
}

Test(failure, of_a_client_of_its_own_is_a_status_where_some_are_called_good)
{
	static const char *const statuses[] = { "1", "KILL", NULL }, *const signals[] = { "KILL", NULL };

	cr_expect_not(fails(0));
	cr_expect_not(fails(1 << 8));
	restart_options.success_exit_status = statuses;
	cr_expect_not(fails(0));
	cr_expect_not(fails(1 << 8));
	cr_expect(fails(2 << 8));
	cr_expect_not(fails(SIGKILL));
	restart_options.success_exit_status = signals;
	cr_expect_not(fails(2 << 8), "of statuses nothing is said");
	cr_expect(fails(SIGSEGV));
}

/* A shell that cannot run the program, and a loader without a library. */
Test(failure, of_a_client_of_its_own_is_a_program_that_never_ran)
{
	static const char *const fine[] = { "127", NULL };
	struct ending ending = { .result = RESULT_EXIT_CODE };

	cr_expect(fails(126 << 8));
	cr_expect(fails(127 << 8));
	cr_expect_not(fails(125 << 8));
	ending.status = 127 << 8;
	cr_expect(exit_verdict_is_failure(&service, &ending));
	ending.lasted = 2;
	cr_expect_not(exit_verdict_is_failure(&service, &ending), "the last command of a session");
	restart_options.success_exit_status = fine;
	cr_expect_not(fails(127 << 8));
}

Test(failure, of_all_clients_is_any_end_that_is_not_good)
{
	options.accept = false;
	cr_expect_not(fails(0));
	cr_expect(fails(1 << 8));
	cr_expect(fails(SIGTERM));
}

Test(failure, is_what_superd_ends_for_a_failure_alone)
{
	struct ending ending = { .status = SIGKILL, .stopped = true, .result = RESULT_TIMEOUT };

	cr_expect_not(exit_verdict_is_failure(&service, &ending));
	ending.stopped = false;         /* it was not ready in time */
	cr_expect(exit_verdict_is_failure(&service, &ending));
	ending.result = RESULT_CONDITION;
	cr_expect_not(exit_verdict_is_failure(&service, &ending));
}

Test(failure, is_kept_the_youngest_first)
{
	struct failures failures = { 0 };

	for (int pid = 1; pid <= FAILURES_KEPT + 2; pid++) {
		cr_expect_eq(failures_alarm(&failures), pid > FAILURES_ALARM);
		failures_add(&failures, &(struct failure){ .pid = pid });
	}
	cr_expect_eq(failures.in_row, FAILURES_KEPT + 2u);
	cr_assert_eq(failures.count, (unsigned)FAILURES_KEPT);
	for (int n = 0; n < FAILURES_KEPT; n++)
		cr_expect_eq(failures.kept[n].pid, FAILURES_KEPT + 2 - n);
	failures_keep(&failures, &(struct failure){ .pid = 100 });
	cr_expect_eq(failures.in_row, FAILURES_KEPT + 2u);
	cr_expect_eq(failures.kept[0].pid, 100);
	failures_free(&failures);
	cr_expect_eq(failures.count, 0u);
}

Test(failure, is_described_by_its_reason_or_its_status)
{
	struct failure failure = { .status = SIGSEGV };
	struct buf text = { 0 };

	failure_describe(&failure, &text);
	cr_expect_str_eq(buf_string(&text), "signal SEGV");
	buf_clear(&text);
	failure = (struct failure){ .why = "cannot start: it is gone" };
	failure_describe(&failure, &text);
	cr_expect_str_eq(buf_string(&text), "cannot start: it is gone");
	buf_free(&text);
}
