/* Conditions of a start, seen from outside: what is not so keeps its clients waiting and costs nothing, and what
 * becomes so lets them in. And restart: who is started again without a client. */
#include "harness.h"

static struct superd *run_web(const char *exec, const char *options)
{
	return superd_run("service web {\n listen = \"127.0.0.1:0\"\n exec = \"%s\"\n%s\n}\n", exec, options);
}

/* Whether a service with this condition starts. */
static void expect_start(const char *condition, bool starts)
{
	struct superd *superd = run_web(backend("take 1"), text_of(" condition = \"%s\"\n", condition));
	int client = client_connect(superd_port(superd, "web"));

	client_send(client, "who\n");
	if (starts)
		cr_assert_not_null(strstr(client_line(client), " who"), "%s: %s", condition, world_logs());
	else
		superd_wait_log(superd, text_of("web: not started: %s is not so", condition));
	close(client);
	superd_stop(superd);
}

Behaviour(conditions, of_paths)
{
	const char *folder = path_in("folder");

	mkdir(folder, 0755);
	write_file("folder/file", "text");
	write_file("empty", "%s", "");
	expect_start(text_of("ConditionPathExists=%s", folder), true);
	expect_start(text_of("ConditionPathExists=!%s", folder), false);
	expect_start(text_of("PathExists=%s/none", folder), false);
	expect_start(text_of("ConditionPathExistsGlob=%s/f[a-j]l?", folder), true);
	expect_start(text_of("ConditionPathExistsGlob=%s*/f*x*", folder), false);
	expect_start(text_of("ConditionPathIsDirectory=%s", folder), true);
	expect_start(text_of("ConditionDirectoryNotEmpty=%s", folder), true);
	expect_start(text_of("ConditionFileNotEmpty=%s", path_in("empty")), false);
	expect_start("ConditionFileIsExecutable=/bin/sh", true);
	expect_start(text_of("ConditionFileIsExecutable=%s/file", folder), false);
	expect_start("ConditionPathIsMountPoint=/proc", true);
	expect_start(text_of("ConditionPathIsMountPoint=%s", folder), false);
	expect_start(text_of("ConditionPathIsReadWrite=%s", folder), true);
	expect_start(text_of("ConditionPathIsSymbolicLink=%s", folder), false);
}

Behaviour(conditions, of_superd_and_the_machine)
{
	expect_start(text_of("ConditionUser=%d", (int)geteuid()), true);
	expect_start("ConditionUser=nobody-of-this-name", false);
	expect_start("ConditionEnvironment=PATH", true);
	expect_start("ConditionEnvironment=NOBODY_SETS_THIS", false);
	expect_start("ConditionKernelCommandLine=!surely-no-such-word", true);
}

Behaviour(conditions, with_a_bar_need_one_that_is_so)
{
	struct superd *superd = run_web(backend("take 1"),
					" condition = { \"PathExists=|/none\", \"PathExists=|/\", \"User=!none\" }\n");

	client_ask_pid(superd_port(superd, "web"));
	superd_stop(superd);
	superd = run_web(backend("take 1"), " condition = { \"PathExists=|/none\", \"PathExists=|/none2\" }\n");
	close(client_connect(superd_port(superd, "web")));
	superd_wait_log(superd, "web: not started: PathExists=|/none is not so");
}

/* systemd loops until it closes the socket for good; here the queue is kept, and nothing spins. */
Behaviour(conditions, that_are_not_so_pause_and_never_spin)
{
	struct superd *superd = clock_run_timed_web(backend("serve"), " condition = \"PathExists=!/\"\n");
	int client = client_connect(superd_port(superd, "web"));
	unsigned long before;
	size_t looks;

	client_send(client, "who\n");
	superd_wait_log(superd, "next look in 5 s");
	CLOCK_UNTIL(superd, MINUTE_MS, 10, superd_logged(superd, "next look in 1 min 20 s"));
	clock_settle(superd);
	clock_advance(superd, 2 * SECOND_MS);   /* the worker that has reset the listener goes */
	looks = superd_log_count(superd, "not started");
	before = clock_wakes();
	clock_advance(superd, 38 * SECOND_MS);
	cr_assert_eq(superd_log_count(superd, "not started"), looks, "%s", world_logs());
	cr_expect_leq(clock_wakes() - before, 1, "%lu wake-ups", clock_wakes() - before);
	clock_advance(superd, 41 * SECOND_MS);
	cr_assert_eq(superd_log_count(superd, "not started"), looks + 1, "%s", world_logs());
	cr_assert(client_can_connect(superd_port(superd, "web")));
	cr_assert(client_is_quiet(client, 0));
	close(client);
}

Behaviour(conditions, that_become_so_let_the_client_in)
{
	struct superd *superd =
		clock_run_timed_web(backend("serve"), text_of(" condition = \"PathExists=%s\"\n", path_in("well")));
	int client = client_connect(superd_port(superd, "web"));

	client_send(client, "who\n");
	superd_wait_log(superd, "not started");
	write_file("well", "%s", "");
	clock_advance(superd, 6 * SECOND_MS);
	cr_assert_not_null(strstr(client_line(client), " who"));
	close(client);
}

Behaviour(conditions, hold_for_each_connection_and_lose_none)
{
	struct superd *superd = clock_run_timed_web(
		"/bin/cat", text_of(" accept = yes\n condition = \"PathExists=%s\"\n", path_in("well")));
	int client = client_connect(superd_port(superd, "web"));

	client_send(client, "hello\n");
	superd_wait_log(superd, "not started");
	write_file("well", "%s", "");
	clock_advance(superd, 6 * SECOND_MS);
	cr_assert_str_eq(client_line(client), "hello");
	close(client);
}

Behaviour(conditions, that_are_asserted_are_failures)
{
	struct superd *superd = run_web(backend("serve"), " condition = \"AssertPathExists=/none\"\n");
	int client = client_connect(superd_port(superd, "web"));

	superd_wait_log(superd, "web: cannot start: AssertPathExists=/none is not so");
	superd_wait_log(superd, "next start in");
	close(client);
}

Behaviour(conditions, come_before_every_command)
{
	struct superd *superd = run_web(backend("serve"), text_of(" condition = \"PathExists=/none\"\n"
								  " exec_condition = \"/bin/touch %s\"\n"
								  " exec_stop_post = \"/bin/touch %s\"\n",
								  path_in("one"), path_in("two")));
	int client = client_connect(superd_port(superd, "web"));

	superd_wait_log(superd, "not started");
	cr_assert_null(read_text(path_in("one")));
	cr_assert_null(read_text(path_in("two")));
	close(client);
}

/* restart */
static struct superd *run_at_boot(const char *exec, const char *options)
{
	return clock_run("service job {\n listen = \"127.0.0.1:0\"\n start = boot\n exec = \"%s\"\n%s\n}\n", exec,
			 options);
}

static const char *ending_with(const char *how)
{
	return text_of("/bin/sh -c 'echo >>%s; %s'", path_in("starts"), how);
}

static void wait_start(void)
{
	const char *starts = path_in("starts");

	WAIT_UNTIL(count_lines(starts) == 1);
}

/* Whether it is started again after such an end. */
static void expect_restart(const char *how, const char *options, bool again)
{
	const char *starts = path_in("starts");
	struct superd *superd =
		run_at_boot(ending_with(how), text_of(" backoff_min = 1ms\n backoff_max = 5ms\n%s", options));

	if (again) {
		WAIT_UNTIL(count_lines(starts) >= 3);
	} else {
		superd_wait_log(superd, "job: pid ");
		WAIT_UNTIL(superd_processes(superd) == 0);
		for (int n = 0; n < 3; n++)
			clock_advance(superd, HOUR_MS);
		cr_assert_eq(count_lines(starts), 1, "%s", world_logs());
	}
	superd_stop(superd);
	unlink(starts);
}

Behaviour(restart, follows_the_way_it_ended)
{
	expect_restart("exit 0", "", false);
	expect_restart("exit 0", " restart = on-failure\n", false);
	expect_restart("exit 0", " restart = on-success\n", true);
	expect_restart("exit 0", " restart = always\n", true);
	expect_restart("exit 7", " success_exit_status = 7\n", false);
	expect_restart("exit 7", " success_exit_status = 7\n restart = on-success\n", true);
	expect_restart("exit 0", " restart_force_exit_status = 0\n", true);
	expect_restart("exit 0", " restart = always\n restart_prevent_exit_status = SUCCESS\n", false);
	expect_restart("kill -KILL $$", " success_exit_status = SIGKILL\n restart = on-abort\n", false);
}

Behaviour(restart, waits_for_backoff_min)
{
	const char *starts = path_in("starts");
	struct superd *superd =
		run_at_boot(ending_with("exit 0"), " restart = always\n backoff_min = 10min\n backoff_max = 1h\n");

	WAIT_UNTIL(count_lines(starts) == 1);
	clock_advance(superd, 8 * MINUTE_MS);
	cr_assert_eq(count_lines(starts), 1, "%s", world_logs());
	clock_advance(superd, 3 * MINUTE_MS);
	WAIT_UNTIL(count_lines(starts) == 2);
}

Behaviour(restart, is_no_reason_for_a_client_to_wait)
{
	struct superd *superd =
		run_web(backend("take 1"), " restart = always\n backoff_min = 10min\n backoff_max = 10min\n");
	int port = superd_port(superd, "web");

	client_ask_pid(port);
	client_ask_pid(port);
	client_ask_pid(port);
}

Behaviour(ends, by_hup_too_where_that_is_asked_for)
{
	struct superd *superd =
		run_web(text_of("/bin/sh -c 'trap : TERM; trap \\\"echo hup >>%s; exit 0\\\" HUP; echo >>%s; "
				"while :; do sleep 0.01; done'",
				path_in("ways"), path_in("starts")),
			" send_sighup = yes\n start = boot\n");

	wait_start();
	superd_stop(superd);
	cr_assert_str_eq(read_text(path_in("ways")), "hup\n");
}

Behaviour(ends, by_final_kill_signal_and_then_by_kill)
{
	struct superd *superd =
		clock_run_timed_web(text_of("/bin/sh -c 'trap : TERM; trap \\\"echo int >>%s\\\" INT; echo >>%s; "
					    "while :; do sleep 0.01; done'",
					    path_in("ways"), path_in("starts")),
				    " final_kill_signal = INT\n timeout_stop = 5min\n start = boot\n");

	wait_start();
	superd_signal(superd, SIGTERM);
	clock_advance_beside(superd, 4 * MINUTE_MS);
	cr_assert_null(read_text(path_in("ways")));
	clock_advance_beside(superd, 62 * SECOND_MS);
	WAIT_UNTIL(count_lines(path_in("ways")) == 1);
	CLOCK_UNTIL(superd, MINUTE_MS, 10, superd_has_ended(superd));
	cr_assert_eq(superd_wait_exit(superd), 0);
	cr_assert_str_eq(read_text(path_in("ways")), "int\n");
	cr_assert(superd_logged(superd, "signal KILL"), "%s", world_logs());
}
