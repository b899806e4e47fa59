/* How an instance ended, and whether it starts again: what systemd 252 said of 116 units that were run under it. Where
 * superd says another thing, the comment names it. */
#include "superd/daemon.h"
#include "tests/unit/unit.h"

enum { OK = 0, ONE = 1 << 8, LAST = 255 << 8, HUP = SIGHUP, INT = SIGINT, TERM = SIGTERM, PIPE = SIGPIPE,
       KILL = SIGKILL, ABRT = SIGABRT | 0x80, ENDS = 8 };

static const int ends[ENDS] = { OK, ONE, HUP, INT, TERM, PIPE, KILL, ABRT };

static struct restart_options restart_options;
static struct exec_options exec_options;
static struct option_groups groups = { .restart = &restart_options };
static struct service service;

static void begin(void)
{
	restart_options = (struct restart_options){ 0 };
	exec_options = (struct exec_options){ 0 };
	service = (struct service){ .name = "job", .exec = &exec_options, .groups = &groups };
}

TestSuite(result, .init = begin);

#define GOOD RESULT_SUCCESS
#define CODE RESULT_EXIT_CODE
#define SIGN RESULT_SIGNAL
#define CORE RESULT_CORE_DUMP
#define LATE RESULT_PROTOCOL

/* Type, phase, and what each end of the main process is: exit 0, exit 1, HUP, INT, TERM, PIPE, KILL, ABRT. A simple
 * program is ready at once; where superd waits until it is, an end before that is one of type = notify. A forking
 * program that ends well has yet to leave a daemon. */
static const struct {
	unsigned type;
	enum phase phase;
	enum result results[ENDS];
} mains[] = {
	{ TYPE_SIMPLE, STARTED, { LATE, CODE, LATE, LATE, LATE, LATE, SIGN, CORE } },
	{ TYPE_SIMPLE, READY, { GOOD, CODE, GOOD, GOOD, GOOD, GOOD, SIGN, CORE } },
	{ TYPE_EXEC, READY, { GOOD, CODE, GOOD, GOOD, GOOD, GOOD, SIGN, CORE } },
	{ TYPE_NOTIFY, STARTED, { LATE, CODE, LATE, LATE, LATE, LATE, SIGN, CORE } },
	{ TYPE_NOTIFY, START_POST, { GOOD, CODE, GOOD, GOOD, GOOD, GOOD, SIGN, CORE } },
	{ TYPE_NOTIFY, READY, { GOOD, CODE, GOOD, GOOD, GOOD, GOOD, SIGN, CORE } },
	{ TYPE_NOTIFY_RELOAD, STARTED, { LATE, CODE, LATE, LATE, LATE, LATE, SIGN, CORE } },
	{ TYPE_FORKING, STARTED, { GOOD, CODE, GOOD, GOOD, GOOD, GOOD, SIGN, CORE } },
	{ TYPE_FORKING, READY, { GOOD, CODE, GOOD, GOOD, GOOD, GOOD, SIGN, CORE } },
	{ TYPE_ONESHOT, STARTED, { GOOD, CODE, SIGN, SIGN, SIGN, SIGN, SIGN, CORE } },
	{ TYPE_SIMPLE, TERMINATED, { GOOD, CODE, GOOD, GOOD, GOOD, GOOD, SIGN, CORE } },
	{ TYPE_ONESHOT, TERMINATED, { GOOD, CODE, SIGN, SIGN, SIGN, SIGN, SIGN, CORE } },
};

Test(result, of_a_main_process)
{
	for (size_t row = 0; row < sizeof(mains) / sizeof(*mains); row++) {
		exec_options.type = mains[row].type;
		for (int end = 0; end < ENDS; end++)
			cr_expect_eq(result_of_end(&service, mains[row].phase, false, false, ends[end]),
				     mains[row].results[end], "row %zu, end %d", row, end);
	}
}

/* Of a command, which is no daemon: the same ends. */
static const struct {
	enum phase phase;
	enum result results[ENDS];
} commands[] = {
	{ CONDITION, { GOOD, RESULT_EXEC_CONDITION, SIGN, SIGN, SIGN, SIGN, SIGN, CORE } },
	{ START_PRE, { GOOD, CODE, SIGN, SIGN, SIGN, SIGN, SIGN, CORE } },
	{ START_POST, { GOOD, CODE, SIGN, SIGN, SIGN, SIGN, SIGN, CORE } },
	{ EXEC_STOP, { GOOD, CODE, SIGN, SIGN, SIGN, SIGN, SIGN, CORE } },
	{ STOP_POST, { GOOD, CODE, SIGN, SIGN, SIGN, SIGN, SIGN, CORE } },
};

Test(result, of_a_command)
{
	for (size_t row = 0; row < sizeof(commands) / sizeof(*commands); row++) {
		for (unsigned type = TYPE_SIMPLE; type <= TYPE_NOTIFY_RELOAD; type++) {
			exec_options.type = type;
			for (int end = 0; end < ENDS; end++) {
				cr_expect_eq(result_of_end(&service, commands[row].phase, true, false, ends[end]),
					     commands[row].results[end], "row %zu, end %d", row, end);
				cr_expect_eq(result_of_end(&service, commands[row].phase, true, true, ends[end]), GOOD);
			}
		}
	}
	cr_expect_eq(result_of_end(&service, CONDITION, true, false, LAST), CODE);
}

Test(result, of_what_is_ignored_or_a_success_by_its_options)
{
	static const char *const good[] = { "1", "KILL", NULL };

	cr_expect_eq(result_of_end(&service, READY, false, true, ONE), GOOD);
	cr_expect_eq(result_of_end(&service, STARTED, false, true, ONE), LATE);
	restart_options.success_exit_status = good;
	cr_expect_eq(result_of_end(&service, READY, false, false, ONE), GOOD);
	cr_expect_eq(result_of_end(&service, READY, false, false, KILL), GOOD);
	cr_expect_eq(result_of_end(&service, READY, false, false, ABRT), CORE);
	cr_expect_eq(result_of_end(&service, STOP_POST, true, false, ONE), GOOD);
}

/* Restart=, and for each result whether it starts the service again. */
static const bool again[][RESULTS] = {
	[RESTART_NO] = { false },
	[RESTART_ON_SUCCESS] = { [RESULT_SUCCESS] = true },
	[RESTART_ON_FAILURE] = { false, true, true, true, true, true, true, true, [RESULT_OOM_KILL] = true },
	[RESTART_ON_ABNORMAL] = { false, false, true, true, true, true, true, true, [RESULT_OOM_KILL] = true },
	[RESTART_ON_WATCHDOG] = { [RESULT_WATCHDOG] = true },
	[RESTART_ON_ABORT] = { [RESULT_SIGNAL] = true, [RESULT_CORE_DUMP] = true },
	[RESTART_ALWAYS] = { true, true, true, true, true, true, true, true, [RESULT_OOM_KILL] = true },
};

Test(result, starts_it_again_as_the_table_says)
{
	for (unsigned restart = RESTART_NO; restart < sizeof(again) / sizeof(*again); restart++) {
		restart_options.restart = restart;
		for (enum result result = 0; result < RESULTS; result++) {
			cr_expect_eq(result_starts_again(&service, GOES_ON, result, ONE), again[restart][result],
				     "restart %u, %s", restart, result_name(result));
			cr_expect_eq(result_starts_again(&service, HAS_FAILED, result, ONE), again[restart][result]);
			cr_expect_not(result_starts_again(&service, IS_ASKED, result, ONE), "it was asked to end");
			exec_options.accept = true;
			cr_expect_not(result_starts_again(&service, GOES_ON, result, ONE), "its client is gone");
			exec_options.accept = false;
		}
	}
}

/* The default is superd's own: a client starts the service again, or what has started it at first. */
Test(result, starts_it_again_by_default)
{
	for (unsigned sockets = 0; sockets < 2; sockets++) {
		service.socket_count = sockets;
		for (enum result result = 0; result < RESULTS; result++) {
			exec_options.start = START_DEMAND;
			cr_expect_not(result_starts_again(&service, GOES_ON, result, OK));
			exec_options.start = START_BOOT;
			cr_expect_eq(result_starts_again(&service, GOES_ON, result, OK),
				     !sockets || !result_is_good(result), "%u sockets, %s", sockets,
				     result_name(result));
			cr_expect_not(result_starts_again(&service, IS_ASKED, result, OK));
		}
	}
}

Test(result, prevents_a_start_before_it_forces_one)
{
	static const char *const set[] = { "1", NULL };

	restart_options.restart = RESTART_NO;
	restart_options.restart_force_exit_status = set;
	cr_expect(result_starts_again(&service, GOES_ON, RESULT_EXIT_CODE, ONE));
	cr_expect_not(result_starts_again(&service, GOES_ON, RESULT_EXIT_CODE, LAST));
	cr_expect_not(result_starts_again(&service, GOES_ON, RESULT_CONDITION, ONE));
	restart_options.restart = RESTART_ALWAYS;
	restart_options.restart_prevent_exit_status = set;
	cr_expect_not(result_starts_again(&service, GOES_ON, RESULT_EXIT_CODE, ONE));
	cr_expect(result_starts_again(&service, GOES_ON, RESULT_EXIT_CODE, LAST));
}

Test(result, is_a_failure)
{
	for (enum result result = 0; result < RESULTS; result++) {
		cr_expect_eq(result_is_failure(&service, GOES_ON, result, OK, 9), !result_is_good(result));
		cr_expect_eq(result_is_failure(&service, HAS_FAILED, result, OK, 9), !result_is_good(result));
		cr_expect_not(result_is_failure(&service, IS_ASKED, result, ONE, 9));
	}
}

/* With accept = yes a client can cause most ends. */
Test(result, is_a_failure_of_a_connection)
{
	static const char *const set[] = { "1", NULL };

	exec_options.accept = true;
	cr_expect_not(result_is_failure(&service, GOES_ON, RESULT_EXIT_CODE, ONE, .1));
	cr_expect_not(result_is_failure(&service, GOES_ON, RESULT_EXIT_CODE, 127 << 8, 9));
	cr_expect(result_is_failure(&service, GOES_ON, RESULT_EXIT_CODE, 127 << 8, .1));
	cr_expect(result_is_failure(&service, GOES_ON, RESULT_EXIT_CODE, 126 << 8, .1));
	cr_expect_not(result_is_failure(&service, GOES_ON, RESULT_SIGNAL, PIPE, .1));
	cr_expect(result_is_failure(&service, GOES_ON, RESULT_SIGNAL, KILL, .1));
	cr_expect(result_is_failure(&service, GOES_ON, RESULT_CORE_DUMP, ABRT, .1));
	cr_expect(result_is_failure(&service, GOES_ON, RESULT_TIMEOUT, TERM, 9));
	restart_options.success_exit_status = set;
	cr_expect(result_is_failure(&service, GOES_ON, RESULT_EXIT_CODE, 2 << 8, 9));
}
