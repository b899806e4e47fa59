/* sd_notify: a backend says that it is ready, how it does and that it goes; superd believes who may say so, and nobody
 * else. The backend does what its clients ask for (notifier.c). */
#include "notifying.h"
#include "private.h"

Behaviour(notify, a_backend_is_ready_when_it_says_so)
{
	struct superd *superd =
		web_clock_run(text_of("'await %s' " SAYS_READY, path_in("gate")), "type = notify\n timeout_start = 1h");
	int client = client_connect(superd_port(superd, "web"));

	superd_wait_log(superd, "web: started, pid ");
	clock_advance(superd, 59 * MINUTE_MS);
	cr_assert_not(superd_logged(superd, "is ready"));
	write_file("gate", "%s", "");
	superd_wait_log(superd, "is ready");
	client_send(client, "env FDSTORE\n");
	cr_assert(strstr(client_line(client), " unset"));
	close(client);
	for (int n = 0; n < 3; n++)
		clock_advance(superd, HOUR_MS);
	cr_assert_not(superd_logged(superd, "stopping pid"), "%s", world_logs());
}

/* The limit is for the start alone, and the client keeps its place. */
Behaviour(notify, who_is_not_ready_in_time_is_stopped_and_its_client_waits)
{
	const char *mark = path_in("mark");
	struct superd *superd = clock_run("service web {\n listen = \"127.0.0.1:0\"\n type = notify\n"
					  " timeout_start = 10min\n exec = { \"/bin/sh\", \"-c\", \"test -e %s || "
					  "{ : >%s; exec sleep 1000; }; exec %s\" }\n}\n",
					  mark, mark, notifier(SAYS_READY));
	int client = client_connect(superd_port(superd, "web"));

	WAIT_UNTIL(read_text(mark));
	clock_advance(superd, 9 * MINUTE_MS);
	cr_assert_not(superd_logged(superd, "timeout_start"), "%s", world_logs());
	clock_advance(superd, 62 * SECOND_MS);
	superd_wait_log(superd, "it was not ready within timeout_start");
	superd_wait_log(superd, "next start in ");
	client_send(client, "env FDSTORE\n");
	cr_assert(strstr(client_line(client), " unset"));
	close(client);
	for (int n = 0; n < 3; n++)
		clock_advance(superd, HOUR_MS);
	superd_expect_count(superd, "stopping pid", 1);
}

Behaviour(notify, an_end_before_it_was_ready_is_a_failure_however_good)
{
	struct superd *superd = web_run("'end 0'", "type = notify");
	int client = client_connect(superd_port(superd, "web"));

	superd_wait_log(superd, "it ended with exit status 0, and never sent READY=1");
	close(client);
}

Behaviour(notify, what_it_said_before_it_ended_counts)
{
	struct superd *superd = web_run(SAYS_READY " 'end 0'", "type = notify");

	for (int n = 0; n < 5; n++) {
		int client = client_connect(superd_port(superd, "web"));

		superd_wait_log(superd, "is ready");
		superd_wait_log(superd, "ended: exit status 0");
		close(client);
	}
	cr_assert_not(superd_logged(superd, "never sent READY=1"), "%s", world_logs());
}

Behaviour(notify, a_start_may_ask_for_more_time)
{
	struct superd *superd = web_clock_run(
		text_of("'say EXTEND_TIMEOUT_USEC=7200000000' barrier 'await %s' " SAYS_READY, path_in("gate")),
		"type = notify\n notify_access = all\n timeout_start = 10min");
	int client = client_connect(superd_port(superd, "web"));

	superd_wait_log(superd, "web: started, pid ");
	clock_advance(superd, HOUR_MS);
	close(client);
	write_file("gate", "%s", "");
	web_expect(superd, "env FDSTORE", "unset");
	cr_assert_not(superd_logged(superd, "stopping pid"), "%s", world_logs());
}

/* All of them together: to ten times the limit. */
Behaviour(notify, no_start_has_more_time_for_ever)
{
	struct superd *superd = web_clock_run(
		text_of("'say EXTEND_TIMEOUT_USEC=9000000000000000000' 'say EXTEND_TIMEOUT_USEC=720000000000' "
			"'say WATCHDOG=Here' 'await %s'",
			path_in("never")),
		"type = notify\n timeout_start = 10min");
	int client = client_connect(superd_port(superd, "web"));

	superd_wait_log(superd, "WATCHDOG=Here");
	clock_advance(superd, 98 * MINUTE_MS);
	cr_assert_not(superd_logged(superd, "stopping pid"), "%s", world_logs());
	clock_advance(superd, 3 * MINUTE_MS);
	superd_wait_log(superd, "it was not ready within timeout_start");
	close(client);
}

Behaviour(notify, no_stop_has_more_time_for_ever)
{
	struct superd *superd =
		web_clock_run(SAYS_READY " 'ignore 15'", "type = notify\n timeout_stop = 10min\n runtime_max = 1min");

	web_expect(superd, "env FDSTORE", "unset");
	clock_advance(superd, 62 * SECOND_MS);
	superd_wait_log(superd, "runtime_max is over");
	for (int n = 0; n < 11; n++) {
		web_expect(superd, "say EXTEND_TIMEOUT_USEC=720000000", "done");
		web_expect(superd, "barrier", "passed");
		clock_advance(superd, 9 * MINUTE_MS);
	}
	clock_advance(superd, 2 * MINUTE_MS);
	superd_wait_log(superd, "ended: signal KILL");
}

/* Its start is one that takes its time, and may be overtaken by its first word. */
Behaviour(notify, a_confined_backend_is_ready_when_it_says_so)
{
	struct superd *superd;

	if (getuid() != 0)
		cr_skip_test("needs root");
	superd = web_run(SAYS_READY,
			 "type = notify\n protect_system = strict\n private_network = no\n timeout_start = 1h");
	for (int n = 0; n < 10; n++)
		web_end(superd, 0);
	WAIT_UNTIL(superd_log_count(superd, "is ready") >= 10);
	cr_assert_eq(superd_log_count(superd, "is ready"), 10, "%s", world_logs());
}

Behaviour(notify, instances_of_one_connection_each_speak_for_themselves)
{
	struct superd *superd =
		web_run(SAYS_READY, "type = notify\n accept = yes\n pass = systemd\n timeout_start = 1h");
	int clients[4];

	for (int n = 0; n < 4; n++)
		clients[n] = client_connect(superd_port(superd, "web"));
	WAIT_UNTIL(superd_log_count(superd, "is ready") == 4);
	for (int n = 0; n < 4; n++) {
		client_send(clients[n], "env FDSTORE\n");
		cr_assert(strstr(client_line(clients[n]), " unset"));
		close(clients[n]);
	}
}

Behaviour(notify, an_instance_that_is_not_ready_in_time_is_stopped)
{
	struct superd *superd = web_clock_run("", "type = notify\n accept = yes\n timeout_start = 10min");
	int client = client_connect(superd_port(superd, "web"));

	WAIT_UNTIL(superd_processes(superd) == 1);
	clock_advance(superd, 9 * MINUTE_MS);
	cr_assert_not(superd_logged(superd, "timeout_start"), "%s", world_logs());
	clock_advance(superd, 62 * SECOND_MS);
	superd_wait_log(superd, "it was not ready within timeout_start");
	cr_assert(client_sees_end(client));
	close(client);
}

Behaviour(notify, systemd_notify_in_a_script_is_the_scripts_own_word)
{
	struct superd *superd;

	if (access("/usr/bin/systemd-notify", X_OK) != 0)
		cr_skip_test("there is no systemd-notify here (Debian: systemd)");
	superd = superd_run("service web {\n listen = \"127.0.0.1:0\"\n type = notify\n notify_access = all\n"
			    " exec = { \"/bin/sh\", \"-c\", \"systemd-notify --ready --status=Fine; exec %s\" }\n}\n",
			    notifier(""));
	web_expect(superd, "env FDSTORE", "unset");
	superd_wait_log(superd, "is ready");
}

Behaviour(notify, who_may_not_notify_has_no_socket)
{
	struct superd *superd = web_run("", "");

	web_expect(superd, "env NOTIFY_SOCKET", "unset");
	web_expect(superd, "env WATCHDOG_USEC", "unset");
}

BehaviourOfUsers(notify, without_a_folder_the_socket_is_abstract)
{
	const struct setup setup = { .uid = 65534 };
	struct superd *superd;

	if (getuid() != 0)
		cr_skip_test("needs root");
	superd = superd_run_with(&setup, "%s", web_table(SAYS_READY, "type = notify"));
	cr_assert_eq(web_ask(superd, "env NOTIFY_SOCKET")[0], '@');
	superd_wait_log(superd, "is ready");
}

/* An abstract socket could not be reached from there: better no start, and why. */
Behaviour(notify, without_a_folder_a_network_of_its_own_is_told_why)
{
	const char *runtime = getenv("SUPERD_RUNSTATEDIR");
	struct superd *superd;

	if (runtime && strcmp(runtime, "/run") != 0 && strcmp(runtime, "/var/run") != 0)
		cr_skip_test("this superd keeps its folders elsewhere");
	if (!private_enter())
		cr_skip_test("needs root and namespaces");
	cr_assert_eq(mkdir("/run/superd", 0700), 0);
	superd = web_run(SAYS_READY, "type = notify\n private_network = yes");
	client_connect(superd_port(superd, "web"));
	superd_wait_log(superd, "/superd, which must belong to root and be searchable by all: ");
	cr_assert_eq(chmod("/run/superd", 0755), 0);
	superd_wait_log(superd, "is ready");
}

Behaviour(notify, its_node_is_gone_with_superd)
{
	struct superd *superd = web_run(SAYS_READY, "type = notify");
	const char *socket = web_ask(superd, "env NOTIFY_SOCKET");

	if (*socket == '/')
		cr_assert_eq(access(socket, F_OK), 0);
	superd_stop(superd);
	cr_assert_neq(access(socket, F_OK), 0, "%s", socket);
}

Behaviour(notify, by_default_the_main_process_alone_is_heard)
{
	struct superd *superd = web_run("'child READY=1' barrier " SAYS_READY, "type = notify");

	web_expect(superd, "barrier", "passed");
	superd_wait_log(superd, "notify_access does not let it speak");
	cr_assert_eq(superd_log_count(superd, "is ready"), 1);
}

Behaviour(notify, with_all_any_of_its_processes_is_heard)
{
	struct superd *superd = web_run("'child READY=1'", "type = notify\n notify_access = all\n timeout_start = 1h");

	web_expect(superd, "env FDSTORE", "unset");
	superd_wait_log(superd, "is ready");
}

/* Another user's process that left the session and lost its parent is nobody's. */
Behaviour(notify, a_stranger_is_not_heard)
{
	struct superd *superd;

	if (getuid() != 0)
		cr_skip_test("needs root");
	superd = web_run("", "notify_access = all");
	web_expect(superd, "nobody WATCHDOG=Stranger", "done");
	superd_wait_log(superd, "it is no process of this service");
	cr_assert_not(superd_logged(superd, "WATCHDOG=Stranger"));
}

/* Else any program could fill the disk of the log in superd's name. */
Behaviour(notify, its_words_cause_no_more_lines_than_it_may_print)
{
	struct superd *superd =
		web_run(SAYS_READY, "type = notify\n log_rate_limit_burst = 5\n log_rate_limit_interval = 1h");

	for (int n = 0; n < 4; n++) {
		web_expect(superd, "say WATCHDOG=perhaps", "done");
		web_expect(superd, "say WATCHDOG=maybe", "done");
	}
	web_expect(superd, "barrier", "passed");
	superd_wait_log(superd, "its programs have caused more than 5 lines");
	superd_expect_count(superd, "passed over: WATCHDOG=perhaps", 3);
	superd_expect_count(superd, "passed over: WATCHDOG=maybe", 2);
	web_end(superd, 3);
	superd_wait_log(superd, "exit status 3");
}

Behaviour(notify, the_state_shows_the_status)
{
	struct superd *superd = web_run("", "notify_access = main");

	web_expect(superd, "say STATUS=Serving \033[1mwell", "done");
	web_expect(superd, "barrier", "passed");
	superd_signal(superd, SIGUSR1);
	superd_wait_log(superd, "Serving \\\\x1b[1mwell");
}

Behaviour(notify, what_is_no_notification_is_dropped_and_the_next_one_heard)
{
	struct superd *superd = web_run("", "notify_access = main");

	web_expect(superd, "bad long", "done");
	superd_wait_log(superd, "dropped a notification");
	web_expect(superd, "bad nul", "done");
	web_expect(superd, "say BARRIER=1|READY=1", "done");
	web_expect(superd, "say WATCHDOG=Next", "done");
	superd_wait_log(superd, "WATCHDOG=Next");
	cr_assert_eq(superd_log_count(superd, "dropped a notification"), 1, "%s", world_logs());
}

Behaviour(notify, a_barrier_is_passed_when_all_before_it_was_heard)
{
	struct superd *superd = web_run("", "notify_access = main");

	web_expect(superd, "say WATCHDOG=Before", "done");
	web_expect(superd, "barrier", "passed");
	cr_assert(superd_logged(superd, "WATCHDOG=Before"), "%s", world_logs());
}

Behaviour(notify, stopping_is_final_and_has_its_time)
{
	struct superd *superd = web_clock_run(SAYS_READY, "type = notify\n timeout_stop = 10min");

	web_expect(superd, "say STOPPING=1", "done");
	superd_wait_log(superd, "is about to end");
	web_expect(superd, "say READY=1", "done");
	superd_wait_log(superd, "STOPPING=1 is final");
	clock_advance(superd, 9 * MINUTE_MS);
	cr_assert_not(superd_logged(superd, "within timeout_stop"), "%s", world_logs());
	clock_advance(superd, 62 * SECOND_MS);
	superd_wait_log(superd, "it sent STOPPING=1, and has not ended within timeout_stop");
	superd_wait_log(superd, "ended: signal TERM");
	web_expect(superd, "env FDSTORE", "unset");
}

/* RuntimeMaxSec is over for it then, as in systemd. */
Behaviour(notify, who_is_about_to_end_has_timeout_stop_for_it_whatever_runtime_max_says)
{
	struct superd *superd = web_clock_run(SAYS_READY, "type = notify\n runtime_max = 1h\n timeout_stop = 12h");
	long pid = web_pid(superd);

	web_expect(superd, "say STOPPING=1", "done");
	superd_wait_log(superd, "is about to end");
	for (int n = 0; n < 3; n++)
		clock_advance(superd, HOUR_MS);
	cr_assert_not(superd_logged(superd, "runtime_max is over"), "%s", world_logs());
	web_expect(superd, "end 0", "ends");
	superd_wait_log(superd, text_of("pid %ld ended: exit status 0", pid));
}
