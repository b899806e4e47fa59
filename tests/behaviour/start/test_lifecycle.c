/* The life of a backend that gets the listeners: started by the first client, again after any end, with pauses
 * only where something is wrong, and gone with all it started when superd stops. Starts are counted by marks that
 * backends leave in a file, so nothing here depends on how fast this machine is. */
#include "superctl.h"

static struct superd *run_web(const char *exec, const char *options)
{
	return superd_run("service web {\n listen = \"127.0.0.1:0\"\n exec = \"%s\"\n%s\n}\n", exec, options);
}

Behaviour(lifecycle, nothing_runs_before_the_first_client)
{
	const char *marks = path_in("marks");
	struct superd *superd = clock_run_timed_web(backend("-m %s serve", marks), "");
	int port = superd_port(superd, "web");

	for (int n = 0; n < 3; n++)
		clock_advance(superd, 8 * HOUR_MS);
	cr_assert_eq(superd_processes(superd), 0);
	cr_assert_eq(count_lines(marks), 0);
	client_ask_pid(port);
	cr_assert_eq(count_lines(marks), 1);
}

Behaviour(lifecycle, one_backend_serves_all_as_long_as_it_lives)
{
	struct superd *superd = run_web(backend("serve"), "");
	int port = superd_port(superd, "web");
	long pid = client_ask_pid(port);

	for (int i = 0; i < 20; i++)
		cr_assert_eq(client_ask_pid(port), pid);
	cr_assert_eq(superd_processes(superd), 1);
}

Behaviour(lifecycle, the_next_client_starts_the_next_backend)
{
	struct superd *superd = run_web(backend("take 1"), "backoff_min = 1h\nbackoff_max = 1h");
	int port = superd_port(superd, "web");

	/* Clean exits: no pause lies behind one. */
	for (int i = 0; i < 30; i++)
		client_ask_pid(port);
	WAIT_UNTIL(superd_log_count(superd, "web: started, pid ") == 30);
}

Behaviour(lifecycle, clients_queued_as_a_backend_ends_start_the_next_at_once)
{
	enum { CLIENTS = 20 };
	struct superd *superd = run_web(backend("-d 5 take 1"), "");
	int port = superd_port(superd, "web"), clients[CLIENTS];

	for (int i = 0; i < CLIENTS; i++)
		clients[i] = client_connect(port);
	for (int i = 0; i < CLIENTS; i++)
		client_send(clients[i], "who\n");
	for (int i = 0; i < CLIENTS; i++) {
		cr_assert_not_null(strstr(client_line(clients[i]), " who"));
		close(clients[i]);
	}
}

/* A backend that fails until path_in("well") is there. */
static const char *ailing(const char *how)
{
	const char *script = write_file("script", "[ -e %s ] && exec %s\nexec %s\n", path_in("well"),
					backend("serve"), backend("-m %s %s", path_in("marks"), how));

	return text_of("/bin/sh %s", script);
}

/* One client waits in the queue while the backend fails; then it recovers. */
static void see_it_through(const char *how, size_t most_starts)
{
	struct superd *superd = clock_run_timed_web(ailing(how), "backoff_min = 1min\nbackoff_max = 1h");
	int port = superd_port(superd, "web"), client = client_connect(port);

	client_send(client, "who\n");
	CLOCK_UNTIL(superd, SECOND_MS, 20, superd_logged(superd, "web: next "));
	for (int n = 0; n < 13; n++)
		clock_advance(superd, MINUTE_MS);
	cr_assert(client_is_quiet(client, 0), "the client was dropped\n%s", world_logs());
	/* 0, 1, 3, 7 and 15 minutes after the first, a tenth less by jitter. */
	cr_assert_leq(count_lines(path_in("marks")), most_starts, "%s", world_logs());
	cr_assert_geq(count_lines(path_in("marks")), 3, "%s", world_logs());
	write_file("well", "yes\n");
	clock_advance(superd, HOUR_MS);
	cr_assert_not_null(strstr(client_line(client), " who"));
	close(client);
	superd_stop(superd);
}

Behaviour(lifecycle, a_crashing_backend_is_retried_with_growing_pauses)
{
	see_it_through("crash 11", 6);
}

Behaviour(lifecycle, a_failing_backend_is_retried_with_growing_pauses)
{
	see_it_through("exit 3", 6);
}

Behaviour(lifecycle, a_backend_that_takes_nobody_is_no_busy_loop)
{
	/* The first few may be clients that changed their minds. */
	see_it_through("exit 0", 14);
}

Behaviour(lifecycle, a_program_that_cannot_run_is_retried_and_named)
{
	static const char *const arguments[] = { "--no-preflight", NULL };
	const struct setup setup = { .arguments = arguments };
	const char *program = write_file("program", "#!/no/such/interpreter\n");
	struct superd *superd;
	int client;

	cr_assert_eq(chmod(program, 0755), 0);
	superd = superd_run_with(&setup, "service web { listen = \"127.0.0.1:0\" exec = \"%s\" }", program);
	client = client_connect(superd_port(superd, "web"));
	client_send(client, "who\n");
	superd_wait_log(superd, "web: cannot start: ");
	superd_wait_log(superd, "No such file or directory: its interpreter '/no/such/interpreter' is not there");
	superd_wait_log(superd, "web: cannot start: ");
	write_file("program.new", "#!/bin/sh\r\nexec %s\r\n", backend("serve"));
	cr_assert_eq(chmod(path_in("program.new"), 0755), 0);
	cr_assert_eq(rename(path_in("program.new"), program), 0);
	superd_wait_log(superd, "its interpreter '/bin/sh\\r' (the file has DOS line ends) is not there");
	write_file("program.new", "exec %s\n", backend("serve"));
	cr_assert_eq(chmod(path_in("program.new"), 0755), 0);
	cr_assert_eq(rename(path_in("program.new"), program), 0);
	superd_wait_log(superd, "Exec format error");
	write_file("program.new", "#!/bin/sh\nexec %s\n", backend("serve"));
	cr_assert_eq(chmod(path_in("program.new"), 0755), 0);
	cr_assert_eq(rename(path_in("program.new"), program), 0);
	cr_assert_not_null(strstr(client_line(client), " who"));
	close(client);
}

Behaviour(lifecycle, pauses_keep_within_the_tables_bounds)
{
	struct superd *superd =
		run_web(backend("-m %s exit 1", path_in("marks")), "backoff_min = 20ms\nbackoff_max = 50ms");
	int client = client_connect(superd_port(superd, "web"));

	WAIT_UNTIL(count_lines(path_in("marks")) >= 20);
	close(client);
}

Behaviour(lifecycle, a_killed_backend_is_started_again_for_the_next_client)
{
	struct superd *superd = run_web(backend("serve"), "");
	int port = superd_port(superd, "web");

	for (int i = 0; i < 3; i++) {
		long pid = client_ask_pid(port);

		cr_assert_eq(kill((pid_t)pid, SIGKILL), 0);
		cr_assert_neq(client_ask_pid(port), pid);
	}
	superd_wait_log(superd, "ended: signal KILL");
}

Behaviour(lifecycle, a_backend_deaf_to_term_is_killed_after_timeout_stop)
{
	struct superd *superd = clock_run_timed_web(backend("hang"), "timeout_stop = 5min");
	int client = client_connect(superd_port(superd, "web"));

	WAIT_UNTIL(superd_processes(superd) == 1);
	clock_settle(superd);
	superd_signal(superd, SIGTERM);
	clock_advance(superd, 4 * MINUTE_MS);
	cr_assert_not(superd_has_ended(superd), "%s", world_logs());
	clock_advance(superd, 62 * SECOND_MS);
	cr_assert_eq(superd_wait_exit(superd), 0);
	cr_assert(superd_logged(superd, "ended: signal KILL"), "%s", world_logs());
	close(client);
}

Behaviour(lifecycle, a_stop_reaches_the_whole_group)
{
	struct superd *superd = run_web(backend("children 3"), "timeout_stop = 200ms");

	client_ask_pid(superd_port(superd, "web"));
	cr_assert_eq(superd_processes(superd), 4);
}

Behaviour(lifecycle, a_stop_reaches_those_that_left_the_group)
{
	struct superd *superd = run_web(backend("escape"), "timeout_stop = 200ms");

	client_ask_pid(superd_port(superd, "web"));
	WAIT_UNTIL(superd_processes(superd) == 2);
}

Behaviour(lifecycle, the_signal_to_stop_with_is_the_tables)
{
	struct superd *superd = run_web(backend("serve"), "kill_signal = USR1");

	client_ask_pid(superd_port(superd, "web"));
	superd_stop(superd);
	cr_assert(superd_logged(superd, "ended: signal USR1"), "%s", world_logs());
}

Behaviour(lifecycle, runtime_max_ends_a_backend_and_the_next_client_gets_a_new_one)
{
	struct superd *superd = clock_run_timed_web(backend("serve"), "runtime_max = 5min");
	int port = superd_port(superd, "web");
	long pid = client_ask_pid(port);

	clock_advance(superd, 4 * MINUTE_MS);
	cr_assert_eq(client_ask_pid(port), pid);
	clock_advance(superd, 2 * MINUTE_MS);
	WAIT_UNTIL(superd_processes(superd) == 0);
	cr_assert_neq(client_ask_pid(port), pid);
}

Behaviour(lifecycle, a_forking_daemon_is_followed_by_its_pid_file)
{
	const char *pid_file = path_in("daemon.pid");
	struct superd *superd =
		run_web(backend("daemon %s", pid_file), text_of("type = forking\npid_file = \"%s\"", pid_file));
	int port = superd_port(superd, "web");
	long pid = client_ask_pid(port);

	cr_assert_eq(strtol(read_text(pid_file), NULL, 10), pid);
	cr_assert_eq(client_ask_pid(port), pid);
	cr_assert_eq(kill((pid_t)pid, SIGKILL), 0);
	cr_assert_neq(client_ask_pid(port), pid);
}

Behaviour(lifecycle, a_forking_daemon_without_a_pid_file_is_followed_too)
{
	struct superd *superd;
	long pid;
	int port;

	SKIP_WITHOUT_GROUP_OF_DAEMON();
	superd = run_web(backend("daemon"), "type = forking");
	port = superd_port(superd, "web");
	pid = client_ask_pid(port);
	cr_assert_eq(client_ask_pid(port), pid);
	cr_assert_eq(kill((pid_t)pid, SIGKILL), 0);
	cr_assert_neq(client_ask_pid(port), pid);
}

Behaviour(lifecycle, a_daemon_that_never_gets_ready_is_ended_and_tried_again)
{
	const char *marks = path_in("marks");
	struct superd *superd = clock_run_timed_web(backend("-m %s hang", marks),
						    text_of("type = forking\npid_file = \"%s\"\ntimeout_start = 10min\n"
							    "timeout_stop = 5min",
							    path_in("none.pid")));
	int client = client_connect(superd_port(superd, "web"));

	WAIT_UNTIL(count_lines(marks) == 1);
	clock_advance(superd, 9 * MINUTE_MS);
	cr_assert_not(superd_logged(superd, "stopping pid"), "%s", world_logs());
	CLOCK_UNTIL(superd, MINUTE_MS, 20, count_lines(marks) >= 2);
	cr_assert_leq(superd_processes(superd), 1);
	close(client);
	clock_settle(superd);
	superd_signal(superd, SIGTERM);
	clock_advance(superd, 6 * MINUTE_MS);
	cr_assert_eq(superd_wait_exit(superd), 0);
}

/* Where nothing starts it again, nothing else is announced. */
Behaviour(lifecycle, a_oneshot_that_failed_is_not_said_to_start_again)
{
	const char *control = path_in("control"), *expected = "superd does not start it again: superctl start does";
	const struct setup setup = { .arguments = (const char *const[]){ "--control", control, NULL } };
	struct superd *superd = superd_run_with(
		&setup, "service once {\n type = oneshot\n start = boot\n restart = no\n exec = \"/bin/false\"\n"
			" user = \"%s\"\n backoff_min = 1h\n backoff_max = 1h\n}\n", own_user());

	superd_wait_log(superd, "once: not started again by itself: it ended with exit status 1");
	cr_expect(!superd_logged(superd, "next start"), "%s", world_logs());
	wait_node(control);
	cr_expect_not_null(strstr(SUPERCTL(control, "why", "once").out, expected), "%s",
			   SUPERCTL(control, "why", "once").out);
	cr_expect_not_null(strstr(SUPERCTL(control, "status", "once").out,
				  "status 1; superd does not start it again: superctl start does\n"),
			   "%s", SUPERCTL(control, "status", "once").out);
}

Behaviour(lifecycle, a_oneshot_runs_once_for_what_activated_it)
{
	const char *marks = path_in("marks");
	struct superd *superd = clock_run_timed_web(backend("-m %s take 1", marks), "type = oneshot");
	int port = superd_port(superd, "web");

	client_ask_pid(port);
	WAIT_UNTIL(superd_processes(superd) == 0);
	for (int n = 0; n < 3; n++)
		clock_advance(superd, 8 * HOUR_MS);
	cr_assert_eq(count_lines(marks), 1);
	client_ask_pid(port);
	cr_assert_eq(count_lines(marks), 2);
}

Behaviour(lifecycle, every_plain_type_serves)
{
	static const char *const types[] = { "simple", "exec" };

	for (size_t i = 0; i < 2; i++) {
		struct superd *superd = run_web(backend("serve"), text_of("type = %s", types[i]));

		client_ask_pid(superd_port(superd, "web"));
		superd_stop(superd);
	}
}

Behaviour(lifecycle, start_at_boot_needs_no_client_and_no_socket)
{
	const char *with = path_in("with"), *without = path_in("without");
	struct superd *superd = superd_run("service web { listen = \"127.0.0.1:0\" start = boot exec = \"%s\" }\n"
					   "service worker { start = boot exec = \"%s\" }\n",
					   backend("-m %s serve", with), backend("-m %s sleep 600000", without));
	long pid;

	WAIT_UNTIL(count_lines(with) == 1 && count_lines(without) == 1);
	pid = client_ask_pid(superd_port(superd, "web"));
	cr_assert_eq(strtol(read_text(with), NULL, 10), pid);
	cr_assert_eq(kill((pid_t)pid, SIGKILL), 0);
	cr_assert_eq(kill((pid_t)strtol(read_text(without), NULL, 10), SIGKILL), 0);
	WAIT_UNTIL(count_lines(with) == 2 && count_lines(without) == 2);
}

Behaviour(lifecycle, on_failure_exit_ends_superd_with_its_service)
{
	struct superd *superd = run_web(backend("take 1"), "on_failure = exit");
	int port = superd_port(superd, "web");

	/* A clean exit is no failure. */
	client_ask_pid(port);
	WAIT_UNTIL(superd_processes(superd) == 0);
	cr_assert(!superd_has_ended(superd));
	superd_stop(superd);

	superd = run_web(backend("exit 7"), "on_failure = exit");
	close(client_connect(superd_port(superd, "web")));
	cr_assert_neq(superd_wait_exit(superd), 0);
}

Behaviour(lifecycle, a_disabled_service_listens_nowhere)
{
	int port = free_port();
	struct superd *superd = superd_run("service off { listen = \"127.0.0.1:%d\" disable = yes exec = \"%s\" }\n"
					   "service on { listen = \"127.0.0.1:0\" exec = \"%s\" }\n",
					   port, backend("serve"), backend("serve"));

	client_ask_pid(superd_port(superd, "on"));
	cr_assert(!client_can_connect(port));
}

Behaviour(lifecycle, an_idle_superd_does_not_wake)
{
	const char *table = "";
	struct superd *superd;

	for (int i = 0; i < 50; i++)
		table = text_of("%sservice s%d { listen = \"127.0.0.1:0\" exec = \"%s\" }\n", table, i,
				backend("take 1"));
	superd = clock_run("%s", table);
	client_ask_pid(superd_port(superd, "s49"));
	WAIT_UNTIL(superd_processes(superd) == 0);      /* a child that is stopped and continued wakes superd */
	/* What the start and the first client were about, and the worker that sets up the socket again. */
	for (int n = 0; n < 3; n++)
		clock_advance(superd, HOUR_MS);
	clock_expect_wakes(superd, 4 * HOUR_MS, 6, 0);
}

Behaviour(lifecycle, a_client_that_leaves_before_it_is_served_does_no_harm)
{
	struct superd *superd = run_web(backend("take 1"), "");
	int port = superd_port(superd, "web");

	for (int i = 0; i < 20; i++)
		close(client_connect(port));
	client_ask_pid(port);
}

Behaviour(lifecycle, services_are_independent_of_each_other)
{
	struct superd *superd =
		superd_run("service hangs { listen = \"127.0.0.1:0\" exec = \"%s\" timeout_stop = 100ms }\n"
			   "service fails { listen = \"127.0.0.1:0\" exec = \"%s\" }\n"
			   "service works { listen = \"127.0.0.1:0\" exec = \"%s\" }\n",
			   backend("hang"), backend("exit 1"), backend("take 1"));
	int hangs = client_connect(superd_port(superd, "hangs")), fails = client_connect(superd_port(superd, "fails"));

	for (int i = 0; i < 20; i++)
		client_ask_pid(superd_port(superd, "works"));
	close(hangs);
	close(fails);
}
