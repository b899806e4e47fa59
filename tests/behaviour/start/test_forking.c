/* type = forking: whoever ends up with the listeners is the instance, however it got away from the first process,
 * and a start that fails leaves nobody with them. Who serves says its own pid, so that is compared with what superd
 * says and stops. */
#include "controlling.h"

static const char *forking(const char *name, const char *how, const char *options)
{
	if (!strstr(options, "pid_file"))
		SKIP_WITHOUT_GROUP_OF_DAEMON();
	return text_of("service %s {\n listen = \"127.0.0.1:0\"\n exec = \"%s\"\n type = forking\n%s\n}\n", name,
		       backend("fork %s", how), options);
}

static struct superd *run_web(const char *how, const char *options)
{
	return superd_run("%s", forking("web", how, options));
}

/* Of the times of a stop that of the service alone passes. The clock is not moved before a start: superd finds a daemon
 * by when its processes were made, which is the kernel's time. */
static struct superd *run_timed_web(const char *how, const char *options)
{
	return clock_run("superd { stop_timeout = 1h }\n%s", forking("web", how, options));
}

/* Whoever serves this service is its one daemon, and superd knows it. */
static long expect_daemon(struct superd *superd, const char *name)
{
	long pid = client_ask_pid(superd_port(superd, name));
	const char *said = text_of("%s: daemon is pid %ld\n", name, pid);

	WAIT_UNTIL(superd_logged(superd, said));
	cr_assert_eq(client_ask_pid(superd_port(superd, name)), pid, "%s", world_logs());
	superd_expect_count(superd, text_of("%s: started, pid ", name), 1);
	return pid;
}

static void expect_end_by_term(struct superd *superd, const char *name, long pid)
{
	cr_assert(superd_logged(superd, text_of("%s: pid %ld ended: signal TERM", name, pid)), "%s", world_logs());
}

/* A stop in time reaches the daemon by kill_signal, as an instance. */
static void expect_its_stop(struct superd *superd, const char *name, long pid)
{
	superd_stop(superd);
	expect_end_by_term(superd, name, pid);
}

static void follows(const char *how)
{
	enum { SERVICES = 5 };
	struct superd *superd;
	const char *table = "";
	long pids[SERVICES];

	for (int n = 0; n < SERVICES; n++)
		table = text_of("%s%s", table, forking(text_of("s%d", n), how, ""));
	superd = clock_run("%s", table);
	for (int n = 0; n < SERVICES; n++)
		pids[n] = expect_daemon(superd, text_of("s%d", n));
	for (int n = 0; n < 3; n++) {
		clock_advance(superd, 8 * HOUR_MS);
		cr_assert_eq(superd_processes(superd), SERVICES, "%s", world_logs());
	}
	superd_stop(superd);
	for (int n = 0; n < SERVICES; n++)
		expect_end_by_term(superd, text_of("s%d", n), pids[n]);
}

Behaviour(forking, the_daemon_of_two_forks_is_followed)
{
	follows("plain");
}

Behaviour(forking, the_daemon_of_one_fork_is_followed)
{
	follows("single");
}

/* It is announced too early, but nothing else is started meanwhile. */
Behaviour(forking, a_slow_process_between_is_seen_through)
{
	struct superd *superd = run_web("slow", "");
	long pid = expect_daemon(superd, "web");

	WAIT_UNTIL(superd_processes(superd) == 1);
	expect_its_stop(superd, "web", pid);
}

Behaviour(forking, daemons_started_together_are_told_apart)
{
	enum { SERVICES = 6 };
	static const char *const how[] = { "plain", "single", "slow" };
	const char *table = "";
	struct superd *superd;
	int clients[SERVICES];
	long pids[SERVICES];

	for (int n = 0; n < SERVICES; n++)
		table = text_of("%s%s", table, forking(text_of("s%d", n), how[n % 3], ""));
	superd = superd_run("%s", table);
	for (int n = 0; n < SERVICES; n++)
		clients[n] = client_connect(superd_port(superd, text_of("s%d", n)));
	for (int n = 0; n < SERVICES; n++)
		client_send(clients[n], "who\n");
	for (int n = 0; n < SERVICES; n++) {
		client_line(clients[n]);
		close(clients[n]);
		pids[n] = expect_daemon(superd, text_of("s%d", n));
	}
	WAIT_UNTIL(superd_processes(superd) == SERVICES);
	superd_stop(superd);
	for (int n = 0; n < SERVICES; n++)
		expect_end_by_term(superd, text_of("s%d", n), pids[n]);
}

Behaviour(forking, a_daemon_that_ends_well_at_once_is_followed_by_the_next)
{
	struct superd *superd = run_web("one", "");
	int port = superd_port(superd, "web");

	for (int n = 0; n < 10; n++)
		client_ask_pid(port);
	WAIT_UNTIL(superd_processes(superd) == 0);
	superd_expect_count(superd, "web: started, pid ", 10);
	cr_assert_eq(superd_log_count(superd, "web: next start"), 0, "%s", world_logs());
}

Behaviour(forking, runtime_max_reaches_the_daemon)
{
	struct superd *superd = run_timed_web("plain", "runtime_max = 5min");
	int port = superd_port(superd, "web");
	long pid = client_ask_pid(port);

	clock_advance(superd, 4 * MINUTE_MS);
	cr_assert_eq(client_ask_pid(port), pid);
	clock_advance(superd, 62 * SECOND_MS);
	WAIT_UNTIL(superd_processes(superd) == 0);
	superd_wait_log(superd, text_of("web: stopping pid %ld: runtime_max is over", pid));
	cr_assert_neq(client_ask_pid(port), pid);
}

Behaviour(forking, a_service_taken_out_takes_its_daemon_along)
{
	struct superd *superd = run_web("plain", "on_remove = stop");

	expect_daemon(superd, "web");
	cr_assert(superd_reload(superd, "service other { listen = \"127.0.0.1:0\" exec = \"%s\" }", backend("serve")));
	WAIT_UNTIL(superd_processes(superd) == 0);
}

/* A start has ten minutes, and a stop five. The pause after it outlasts the test, so that one start is seen. */
static struct superd *run_failing(const char *how, const char *options)
{
	return run_timed_web(how,
			     text_of("timeout_start = 10min\ntimeout_stop = 5min\nbackoff_min = 12h\n"
				     "backoff_max = 12h\n%s",
				     options));
}

static void expect_nobody(struct superd *superd)
{
	superd_wait_log(superd, "web: next start in ");
	WAIT_UNTIL(superd_processes(superd) == 0);
	superd_expect_count(superd, "web: started, pid ", 1);
	superd_stop(superd);
}

static void leaves_nobody(const char *how, const char *said)
{
	struct superd *superd = run_failing(how, "");
	int client = client_connect(superd_port(superd, "web"));

	superd_wait_log(superd, said);
	expect_nobody(superd);
	close(client);
}

/* Where steps of the clock are needed, the first of which has the start fail. */
static void leaves_nobody_in_time(const char *how, const char *options, const char *said)
{
	struct superd *superd = run_failing(how, options);
	int client = client_connect(superd_port(superd, "web"));

	superd_wait_log(superd, "web: started, pid ");
	clock_advance(superd, 9 * MINUTE_MS);
	cr_assert_not(superd_logged(superd, said), "%s", world_logs());
	clock_advance(superd, 62 * SECOND_MS);
	superd_wait_log(superd, said);
	clock_advance(superd, 6 * MINUTE_MS);
	expect_nobody(superd);
	close(client);
}

Behaviour(forking, a_start_that_fails_leaves_no_daemon)
{
	leaves_nobody("fail", "ended: exit status 3");
	leaves_nobody("single,fail", "ended: exit status 3");
	leaves_nobody("slow,fail", "ended: exit status 3");
}

Behaviour(forking, a_daemon_of_a_failed_start_deaf_to_term_is_killed)
{
	struct superd *superd = run_failing("fail,deaf", "");
	int client = client_connect(superd_port(superd, "web"));

	superd_wait_log(superd, " that a failed start has left"); /* with the process between, or without */
	clock_advance(superd, 6 * MINUTE_MS);
	superd_wait_log(superd, "ended: exit status 3");
	expect_nobody(superd);
	close(client);
}

Behaviour(forking, a_start_that_takes_too_long_leaves_no_daemon)
{
	leaves_nobody_in_time("stay", "", "not ready within timeout_start");
}

Behaviour(forking, a_start_that_takes_too_long_leaves_none_that_is_deaf_to_term)
{
	leaves_nobody_in_time("stay,deaf", "", "not ready within timeout_start");
}

Behaviour(forking, a_pid_file_that_never_comes_leaves_no_daemon)
{
	leaves_nobody_in_time("plain", text_of("pid_file = \"%s\"", path_in("none.pid")),
			      "the daemon has not written its pid there");
}

Behaviour(forking, a_pid_file_of_a_wrong_process_leaves_no_daemon)
{
	const char *path = path_in("wrong.pid");

	leaves_nobody_in_time(text_of("wrong,pid=%s", path), text_of("pid_file = \"%s\"", path),
			      "names pid 1: that is no process of this start");
}

Behaviour(forking, a_pid_file_cannot_claim_the_backend_of_another_service)
{
	const char *path = path_in("thief.pid");
	struct superd *superd =
		clock_run("service other { listen = \"127.0.0.1:0\" exec = \"%s\" }\n%s", backend("serve"),
			  forking("web", "plain",
				  text_of("timeout_start = 10min\nbackoff_min = 12h\n"
					  "backoff_max = 12h\npid_file = \"%s\"",
					  path)));
	long other = client_ask_pid(superd_port(superd, "other"));
	int client = client_connect(superd_port(superd, "web"));

	superd_wait_log(superd, "web: started, pid ");
	write_file("thief.pid", "%ld\n", other);
	clock_advance(superd, 11 * MINUTE_MS);
	superd_wait_log(superd, text_of("names pid %ld: that is no process of this start", other));
	superd_wait_log(superd, "web: next start in ");
	cr_assert_eq(superd_processes(superd), 1, "%s", world_logs());
	cr_assert_eq(client_ask_pid(superd_port(superd, "other")), other);
	close(client);
}

static void waits_for_file(const char *timeout)
{
	const char *path = path_in("late.pid");
	struct superd *superd = run_web(text_of("late,pid=%s", path),
					text_of("timeout_start = %s\npid_file = \"%s\"", timeout, path));
	long pid = expect_daemon(superd, "web");

	cr_assert_eq(strtol(read_text(path), NULL, 10), pid);
	expect_its_stop(superd, "web", pid);
}

Behaviour(forking, a_late_pid_file_is_waited_for)
{
	waits_for_file("1h");
	waits_for_file("infinity");
	waits_for_file("0");            /* no limit either */
}

/* A user's superd has no control group here, which would tell that the start goes on. */
Behaviour(forking, a_pid_that_its_file_names_from_an_earlier_run_fails_no_start)
{
	const struct setup setup = { .uid = geteuid() ? 0 : 65534 };
	pid_t ended = fork();
	struct superd *superd;
	const char *path;

	if (ended == 0)
		_exit(0);
	cr_assert_eq(waitpid(ended, NULL, 0), ended);
	path = write_file("late.pid", "%ld\n", (long)ended);
	cr_assert_eq(chmod(path, 0666), 0);
	superd = superd_run_with(&setup, "%s", forking("web", text_of("late,pid=%s", path),
						       text_of("pid_file = \"%s\"", path)));
	expect_its_stop(superd, "web", expect_daemon(superd, "web"));
}

static void survives_reload_to(const char *options)
{
	const char *path = path_in("late.pid");
	const char *exec = text_of("late,pid=%s", path);
	struct superd *superd = run_web(exec, text_of("pid_file = \"%s\"", path));
	int client = client_connect(superd_port(superd, "web"));
	long pid;

	client_send(client, "who\n");
	superd_wait_log(superd, "web: started, pid ");
	cr_assert(superd_reload(superd, "%s", forking("web", exec, options)));
	client_line(client);
	close(client);
	pid = expect_daemon(superd, "web");
	cr_assert_eq(strtol(read_text(path), NULL, 10), pid);
	expect_its_stop(superd, "web", pid);
}

Behaviour(forking, a_reload_leaves_a_search_as_it_was)
{
	survives_reload_to("");
	survives_reload_to("pid_file = \"/none\"");
}

Behaviour(forking, a_stop_during_the_search_reaches_the_daemon)
{
	struct superd *superd = run_timed_web(
		"plain", text_of("timeout_start = 1h\ntimeout_stop = 1h\npid_file = \"%s\"", path_in("none.pid")));

	client_ask_pid(superd_port(superd, "web"));
	superd_stop(superd);
	cr_assert(!superd_logged(superd, "killing the rest"), "%s", world_logs());
}

/* It has not had the signal, as all processes had theirs by then. */
Behaviour(forking, a_stop_kills_a_daemon_that_is_begun_at_its_signal)
{
	const char *path = path_in("told.up");
	struct superd *superd = run_timed_web(
		text_of("told=%s", path),
		text_of("timeout_start = 1h\ntimeout_stop = 5min\npid_file = \"%s\"", path_in("none.pid")));
	int client = client_connect(superd_port(superd, "web"));

	WAIT_UNTIL(access(path, F_OK) == 0);
	superd_signal(superd, SIGTERM);
	superd_wait_log(superd, "stopping");
	CLOCK_UNTIL(superd, 10 * MINUTE_MS, 10, superd_has_ended(superd));
	cr_assert_eq(superd_wait_exit(superd), 0);
	cr_assert(!superd_logged(superd, "killing the rest"), "%s", world_logs());
	close(client);
}

/* Without type = forking superd takes the end of the first process for the end of the service. */
static void names_and_stops(const char *how)
{
	struct superd *superd = controlled_run("service web {\n listen = \"127.0.0.1:0\"\n exec = \"%s\"\n"
					       " backoff_min = 12h\n backoff_max = 12h\n}\n",
					       backend("fork %s", how));

	(void)control_once("start --no-wait web");
	superd_wait_log(superd, "web: warning: its program went into the background: pid ");
	superd_wait_log(superd, "web: next start in ");
	WAIT_UNTIL(superd_processes(superd) == 0);
}

Behaviour(forking, a_daemon_without_the_option_is_named_and_stopped)
{
	names_and_stops("plain");
}

/* The process between is just ending, so superd has not inherited the daemon yet. */
Behaviour(forking, a_daemon_without_the_option_is_found_behind_one_that_ends)
{
	names_and_stops("parting");
}
