/* Results, and which of them start a service again: the table at Restart= of systemd.service(5), cell by cell. */
#include "superd/loop/exit_result.h"
#include "tests/unit/unit.h"

static struct restart_options restart_options;
static struct exec_options options;
static struct option_groups groups = { .restart = &restart_options };
static const struct service service = { .name = "job", .exec = &options, .groups = &groups };

static void begin(void)
{
	restart_options = (struct restart_options){ 0 };
	options = (struct exec_options){ 0 };
}

TestSuite(result, .init = begin);

Test(result, of_a_status)
{
	static const char *const good[] = { "3", "KILL", NULL };

	cr_expect_eq(result_of_status(&service, 0), RESULT_SUCCESS);
	cr_expect_eq(result_of_status(&service, 3 << 8), RESULT_EXIT_CODE);
	cr_expect_eq(result_of_status(&service, SIGKILL), RESULT_SIGNAL);
	cr_expect_eq(result_of_status(&service, SIGABRT | 0x80), RESULT_CORE_DUMP);
	restart_options.success_exit_status = good;
	cr_expect_eq(result_of_status(&service, 3 << 8), RESULT_SUCCESS);
	cr_expect_eq(result_of_status(&service, SIGKILL), RESULT_SUCCESS);
	cr_expect_eq(result_of_status(&service, 0), RESULT_SUCCESS);
}

/* success, exit-code, signal, core-dump, timeout, watchdog */
static const bool restarts[][6] = {
	[RESTART_NO] = { false },
	[RESTART_ON_SUCCESS] = { true, false, false, false, false, false },
	[RESTART_ON_FAILURE] = { false, true, true, true, true, true },
	[RESTART_ON_ABNORMAL] = { false, false, true, true, true, true },
	[RESTART_ON_WATCHDOG] = { false, false, false, false, false, true },
	[RESTART_ON_ABORT] = { false, false, true, true, false, false },
	[RESTART_ALWAYS] = { true, true, true, true, true, true },
};

Test(result, restarts_as_the_table_says)
{
	for (unsigned restart = 0; restart < sizeof(restarts) / sizeof(*restarts); restart++) {
		restart_options.restart = restart;
		for (int result = 0; result < 6; result++)
			cr_expect_eq(result_restarts(&service, (enum result)result, 1 << 8), restarts[restart][result],
				     "restart %u, %s", restart, result_name((enum result)result));
	}
}

Test(result, never_restarts_what_a_condition_left_out)
{
	restart_options.restart = RESTART_ALWAYS;
	cr_expect_not(result_restarts(&service, RESULT_CONDITION, 0));
	cr_expect_not(result_restarts(&service, RESULT_EXEC_CONDITION, 1 << 8));
}

Test(result, never_restarts_a_connection)
{
	restart_options.restart = RESTART_ALWAYS;
	options.accept = true;
	cr_expect_not(result_restarts(&service, RESULT_SUCCESS, 0));
}

Test(result, is_prevented_before_it_is_forced)
{
	static const char *const set[] = { "1", NULL };

	restart_options.restart_force_exit_status = set;
	cr_expect(result_restarts(&service, RESULT_EXIT_CODE, 1 << 8));
	cr_expect_not(result_restarts(&service, RESULT_EXIT_CODE, 2 << 8));
	restart_options.restart_prevent_exit_status = set;
	cr_expect_not(result_restarts(&service, RESULT_EXIT_CODE, 1 << 8));
}

Test(result, has_names)
{
	for (int result = 0; result < RESULTS; result++)
		cr_expect(*result_name((enum result)result));
	cr_expect_str_eq(result_name(RESULT_EXEC_CONDITION), "exec-condition");
}
