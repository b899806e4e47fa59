/* sd_notify: who the main process is, its watchdog, and reloads of type = notify-reload. */
#include "notifying.h"

static void moves(const char *how)
{
	struct superd *superd = web_clock_run(text_of("%s 'say READY=1'", how), "type = notify\n notify_access = all");
	long pid = web_pid(superd);

	superd_wait_log(superd, text_of("main process is pid %ld now", pid));
	for (int n = 0; n < 3; n++)
		clock_advance(superd, HOUR_MS);
	cr_assert_not(superd_logged(superd, "ended:"), "%s", world_logs());
	cr_assert_eq(web_pid(superd), pid);
	web_expect(superd, "end 3", "ends");
	superd_wait_log(superd, text_of("pid %ld ended: exit status 3", pid));
	cr_assert_neq(web_pid(superd), pid);
	superd_stop(superd);
}

Behaviour(notify_life, another_of_its_processes_may_become_the_main_one)
{
	moves("move");
}

Behaviour(notify_life, also_one_with_a_session_of_its_own)
{
	moves("detach");
}

/* So many were started, and none of those lives. */
static void expect_no_first_process(int count)
{
	static const char started[] = "web: started, pid ";
	const char *at = world_logs();

	for (int n = 0; n < count; n++) {
		at = strstr(at, started);
		cr_assert_not_null(at, "%s", world_logs());
		at += strlen(started);
		cr_assert_not(process_lives((pid_t)strtol(at, NULL, 10)), "%s", world_logs());
	}
}

/* It lies in another group than the main process then, and neither is the other's child to the new superd. */
Behaviour(notify_life, who_was_the_main_process_ends_with_it_also_after_an_upgrade)
{
	struct superd *superd = web_run("split", "type = notify\n notify_access = all");
	long pid = web_pid(superd);

	superd_wait_log(superd, text_of("main process is pid %ld now", pid));
	superd_upgrade(superd);
	superd_stop(superd);
	expect_no_first_process(1);
}

/* Several share the socket, and only whose processes they are tells their messages apart. */
Behaviour(notify_life, who_was_the_main_process_of_one_client_speaks_and_ends_with_it)
{
	struct superd *superd = web_run("split", "type = notify\n notify_access = all\n accept = yes\n"
						 " timeout_start = 1h");
	int clients[4];

	for (int n = 0; n < 4; n++)
		clients[n] = client_connect(superd_port(superd, "web"));
	WAIT_UNTIL(superd_log_count(superd, "is ready") == 4);
	superd_expect_count(superd, "main process is pid ", 4);
	superd_stop(superd);
	expect_no_first_process(4);
	for (int n = 0; n < 4; n++)
		close(clients[n]);
}

/* The child has not had the signal of the stop, and lies in no group of its parent's. superd knows its status where it
 * is superd's to reap by then, and takes it for a good one otherwise. */
Behaviour(notify_life, whom_it_names_when_it_is_to_stop_is_told_to_stop_too)
{
	struct superd *superd = web_clock_run("'yield pid' 'say READY=1'",
					      "type = notify\n notify_access = all\n timeout_stop = 1h");
	static const char named[] = "main process is pid ";
	const char *at;
	long child;

	web_pid(superd);
	superd_stop(superd);
	at = strstr(world_logs(), named);
	cr_assert_not_null(at, "%s", world_logs());
	child = strtol(at + strlen(named), NULL, 10);
	cr_assert(superd_logged(superd, text_of("pid %ld ended: signal TERM", child)) ||
			  superd_logged(superd, text_of("pid %ld ended: exit status 0", child)),
		  "%s", world_logs());
}

/* The watchdog of ten minutes. A timer that is more than a second late is to superd a sign that it was held up itself:
 * the backend then has its time once more. */
static void expect_watchdog(struct superd *superd, const char *said)
{
	enum { STEPS = 13, ROUNDS_MOST = 10 };

	for (int n = 0; n < ROUNDS_MOST * STEPS && !superd_logged(superd, said); n++) {
		clock_advance(superd, n % STEPS ? SECOND_MS / 4 : 598 * SECOND_MS);
		cr_assert(n || !superd_logged(superd, said), "%s", world_logs());
	}
	superd_wait_log(superd, said);
}

/* Who loses its service in a reload and may finish is heard until its end. */
Behaviour(notify_life, one_that_goes_on_without_its_service_is_heard)
{
	struct superd *superd =
		web_clock_run(SAYS_READY, "type = notify\n on_remove = finish\n watchdog = 10min\n rlimit_core = 0");
	long pid = web_pid(superd);

	cr_assert(
		superd_reload(superd, "service other {\n listen = \"127.0.0.2:0\"\n exec = \"%s\"\n}\n", notifier("")));
	web_expect(superd, "say WATCHDOG=Alone", "done");
	superd_wait_log(superd, "WATCHDOG=Alone");
	web_expect(superd, "barrier", "passed");
	expect_watchdog(superd, text_of("stopping pid %ld: it has not sent WATCHDOG=1 for 10min", pid));
	superd_wait_log(superd, text_of("pid %ld ended: signal ABRT", pid));
}

BehaviourOfUsers(notify_life, a_process_of_somebody_else_is_not_taken_for_the_main_one)
{
	struct superd *superd;
	const char *options = "notify_access = main\n user = \"nobody\"";

	if (getuid() != 0)
		cr_skip_test("needs root");
	superd = web_run("", options);
	web_expect(superd, text_of("say MAINPID=%ld", (long)getpid()), "done");
	superd_wait_log(superd, "is not taken for the main process: it is none of this service's");
	web_expect(superd, "say MAINPID=1", "done");
	superd_wait_log(superd, "is not taken for the main process");
	web_expect(superd, "say MAINPID=2147483646", "done");
	superd_wait_log(superd, "there is no such process");
}

Behaviour(notify_life, who_is_silent_is_ended_and_has_failed)
{
	struct superd *superd = web_clock_run(SAYS_READY, "type = notify\n watchdog = 10min\n rlimit_core = 0");
	long pid = web_pid(superd);

	expect_watchdog(superd, text_of("stopping pid %ld: it has not sent WATCHDOG=1 for 10min", pid));
	superd_wait_log(superd, text_of("pid %ld ended: signal ABRT", pid));
	superd_wait_log(superd, "next start in ");
	cr_assert_neq(web_pid(superd), pid);
}

Behaviour(notify_life, who_is_heard_lives_on)
{
	struct superd *superd = web_clock_run("", "watchdog = 10min\n rlimit_core = 0");
	long pid = web_pid(superd);

	web_expect(superd, "env WATCHDOG_USEC", "600000000");
	web_expect(superd, "env WATCHDOG_PID", text_of("%ld", pid));
	for (int n = 0; n < 5; n++) {
		web_expect(superd, "say WATCHDOG=1", "done");
		clock_advance(superd, 9 * MINUTE_MS);
	}
	cr_assert_eq(web_pid(superd), pid, "%s", world_logs());
}

Behaviour(notify_life, it_may_change_its_watchdog_and_trigger_it)
{
	struct superd *superd = web_clock_run("", "watchdog = 12h\n watchdog_signal = USR2");
	long pid = web_pid(superd);
	int client;

	web_expect(superd, "say WATCHDOG_USEC=600000000", "done");
	expect_watchdog(superd, text_of("stopping pid %ld: it has not sent WATCHDOG=1 for 10min", pid));
	superd_wait_log(superd, "ended: signal USR2");
	client = client_connect(superd_port(superd, "web"));
	client_send(client, "say WATCHDOG=trigger\n"); /* it may not live to answer */
	superd_wait_log(superd, "it sent WATCHDOG=trigger");
	close(client);
	superd_wait_log(superd, "ended: signal USR2");
}

/* Whose signal of the watchdog is ignored has timeout_stop left. */
Behaviour(notify_life, a_silent_one_that_does_not_end_is_killed)
{
	struct superd *superd =
		web_clock_run("'ignore 6' " SAYS_READY, "type = notify\n watchdog = 10min\n timeout_stop = 5min");
	long pid = web_pid(superd);

	expect_watchdog(superd, text_of("stopping pid %ld: it has not sent WATCHDOG=1 for 10min", pid));
	clock_advance(superd, 298 * SECOND_MS);
	cr_assert_not(superd_logged(superd, "ended: "), "%s", world_logs());
	clock_advance(superd, 3 * SECOND_MS);
	superd_wait_log(superd, text_of("pid %ld ended: signal KILL", pid));
}

Behaviour(notify_life, instances_have_watchdogs_too)
{
	struct superd *superd = web_clock_run("", "accept = yes\n watchdog = 10min\n rlimit_core = 0");
	int client = client_connect(superd_port(superd, "web"));

	WAIT_UNTIL(superd_processes(superd) == 1);
	expect_watchdog(superd, "it has not sent WATCHDOG=1 for 10min");
	superd_wait_log(superd, "ended: signal ABRT");
	close(client);
}

Behaviour(notify_life, a_reload_is_seen_through)
{
	struct superd *superd = web_run("'handle 1' " SAYS_READY, "type = notify-reload");
	long pid = web_pid(superd);

	superd_wait_log(superd, "is ready");
	kill((pid_t)pid, SIGHUP);
	superd_wait_log(superd, text_of("pid %ld reloads", pid));
	superd_wait_log(superd, text_of("pid %ld has reloaded", pid));
	cr_assert_eq(web_pid(superd), pid);
}

/* As `systemd-notify --reloading --ready` says it, whose reload takes no time. */
Behaviour(notify_life, a_reload_may_be_said_with_its_end)
{
	struct superd *superd = web_clock_run("'handle 1' " SAYS_READY, "type = notify-reload\n timeout_start = 10min");
	long pid = web_pid(superd);

	superd_wait_log(superd, "is ready");
	web_expect(superd, "say RELOADING=1|MONOTONIC_USEC=1|READY=1", "done");
	superd_wait_log(superd, text_of("pid %ld has reloaded", pid));
	for (int n = 0; n < 3; n++)
		clock_advance(superd, HOUR_MS);
	cr_assert_not(superd_logged(superd, "has not sent READY=1"), "%s", world_logs());
}

Behaviour(notify_life, who_would_die_of_a_reload_has_not_started)
{
	struct superd *superd = web_run(SAYS_READY, "type = notify-reload");
	int client = client_connect(superd_port(superd, "web"));

	superd_wait_log(superd, "sent READY=1 without a handler of reload_signal, HUP");
	superd_wait_log(superd, "next start in ");
	close(client);
}

/* One that nobody can handle is no mistake of the backend's. */
Behaviour(notify_life, a_signal_that_cannot_be_handled_is_not_asked_for)
{
	struct superd *superd = web_run(SAYS_READY, "type = notify-reload\n reload_signal = STOP");

	web_expect(superd, "env FDSTORE", "unset");
	superd_wait_log(superd, "is ready");
}
