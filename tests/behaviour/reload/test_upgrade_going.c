/* What goes on over an upgrade by the clock or by count: what is frozen, searches, commands; and operators,
 * who stay connected. */
#include <fcntl.h>
#include <sys/stat.h>

#include "controlling.h"
#include "load.h"
#include "superctl.h"

#define WEB "service web {\n listen = \"127.0.0.1:%d\"\n exec = \"%s\"\n%s\n}\n"

static const char *control;

static struct superd *start(bool clock, const char *exec, const char *options)
{
	const char *const arguments[] = { "--control", control = path_in("control"), NULL };

	struct superd *superd =
		superd_run_with(&(struct setup){ .clock = clock, .arguments = arguments }, WEB, 0, exec, options);

	WAIT_UNTIL(client_can_connect_unix(control));
	return superd;
}

static struct superd *run(const char *exec, const char *options)
{
	return start(false, exec, options);
}

static struct superd *run_by_clock(const char *exec, const char *options)
{
	return start(true, exec, options);
}

static bool status_has(const char *text)
{
	return strstr(SUPERCTL(control, "--json", "status", "web").out, text);
}

Behaviour(upgrade_going, who_is_connected_keeps_it_awake_and_is_missed_when_gone)
{
	struct superd *superd = run_by_clock(backend("talk"), "idle_timeout = 10min");
	int client = client_settle(client_connect(superd_port(superd, "web")));

	for (int n = 0; n < 4; n++) {
		clock_advance(superd, 15 * MINUTE_MS);
		cr_assert_not(superd_logged(superd, "web: stopping pid "), "%s", world_logs());
		superd_upgrade(superd);
	}
	client_settle(client);
	close(client);
	CLOCK_UNTIL(superd, 5 * MINUTE_MS, 10, superd_logged(superd, "web: stopping pid "));
	WAIT_UNTIL(superd_processes(superd) == 0);
}

Behaviour(upgrade_going, what_sleeps_has_not_been_woken_and_sleeps_again)
{
	struct superd *superd = run_by_clock(backend("serve"), "idle_timeout = 10min\n idle_action = freeze");
	int port = superd_port(superd, "web");
	long pid = client_ask_pid(port);

	CLOCK_UNTIL(superd, 5 * MINUTE_MS, 10, superd_logged(superd, "is frozen until a client connects"));
	superd_upgrade(superd);
	CLOCK_UNTIL(superd, 5 * MINUTE_MS, 10, superd_log_count(superd, "is frozen until a client connects") == 2);
	superd_upgrade(superd);
	CLOCK_UNTIL(superd, 5 * MINUTE_MS, 10, superd_log_count(superd, "is frozen until a client connects") == 3);
	cr_assert(status_has("\"wakes\":0"), "an upgrade woke it");
	cr_assert_eq(client_ask_pid(port), pid);
	WAIT_UNTIL(status_has("\"wakes\":1"));
}

Behaviour(upgrade_going, a_daemon_that_is_not_settled_is_found)
{
	const char *pid_file = path_in("daemon.pid");
	const char *daemon = write_file("daemon", "while ! test -e %s; do sleep 0.02; done\nLISTEN_PID=$$ exec %s\n",
					path_in("go"), backend("serve"));
	struct superd *superd = run(text_of("/bin/sh -c '/bin/sh %s &'", daemon),
				    text_of("type = forking\n pid_file = \"%s\"", pid_file));
	int client = client_connect(superd_port(superd, "web"));
	long pid;

	client_send(client, "hello\n");
	WAIT_UNTIL(superd_processes(superd) > 0);
	superd_upgrade(superd);
	write_file("go", "%s", "");
	pid = strtol(client_line(client), NULL, 10);
	write_file("daemon.pid", "%ld\n", pid);
	superd_wait_log(superd, text_of("web: daemon is pid %ld\n", pid));
	close(client);
	superd_stop(superd);
	cr_assert(superd_logged(superd, text_of("web: pid %ld ended: signal TERM", pid)), "%s", world_logs());
}

Behaviour(upgrade_going, a_daemon_on_trial_is_followed)
{
	struct superd *superd;
	long pid;

	SKIP_WITHOUT_GROUP_OF_DAEMON();
	superd = run(backend("fork 1"), "type = forking");
	pid = client_ask_pid(superd_port(superd, "web"));
	superd_upgrade(superd);
	superd_wait_log(superd, text_of("web: daemon is pid %ld\n", pid));
	superd_upgrade(superd);
	cr_assert_eq(kill((pid_t)pid, SIGKILL), 0);
	superd_wait_log(superd, text_of("web: warning: pid %ld ended: signal KILL", pid));
	cr_assert_neq(client_ask_pid(superd_port(superd, "web")), pid);
}

Behaviour(upgrade_going, commands_around_sockets_go_on)
{
	const char *go = path_in("go");
	struct superd *superd =
		run(backend("talk"),
		    text_of("socket_exec_start_pre = { \"/bin/sh -c 'while ! test -e %s; do sleep 0.02; done'\" }\n"
			    " socket_exec_start_post = { \"/usr/bin/touch %s\" }\n"
			    " socket_exec_stop_post = { \"/usr/bin/touch %s\" }",
			    go, path_in("opened"), path_in("closed")));

	WAIT_UNTIL(superd_processes(superd) > 0);
	superd_upgrade(superd);
	write_file("go", "%s", "");
	close(client_settle(client_connect(superd_port(superd, "web"))));
	cr_assert_eq(access(path_in("opened"), F_OK), 0);
	superd_stop(superd);
	cr_assert_eq(access(path_in("closed"), F_OK), 0);
}

/* Its time goes on. */
Behaviour(upgrade_going, one_who_stops_only_now_still_stops)
{
	struct superd *superd =
		run_by_clock("/bin/sh -c 'trap \\\"\\\" TERM; exec sleep 1000'", "timeout_stop = 10min");
	int client = client_connect(superd_port(superd, "web"));

	superd_wait_log(superd, "web: started, pid ");
	close(client);
	cr_assert_eq(SUPERCTL(control, "stop", "--no-wait", "web").status, 0);
	clock_advance(superd, 5 * MINUTE_MS);
	superd_upgrade(superd);
	clock_advance(superd, 4 * MINUTE_MS);
	cr_assert_not(superd_logged(superd, "signal KILL"), "%s", world_logs());
	clock_advance(superd, 2 * MINUTE_MS);
	superd_wait_log(superd, "signal KILL");
	clock_stop(superd, 10 * MINUTE_MS);     /* the client may have had another one started */
}

Behaviour(upgrade_going, the_answer_comes_from_the_one_that_has_taken_over)
{
	struct superd *superd = run(backend("serve"), "");
	struct outcome outcome;

	superd_port(superd, "web");
	outcome = SUPERCTL(control, "upgrade");
	cr_assert_eq(outcome.status, 0, "%s", outcome.err);
	cr_assert_not_null(strstr(outcome.out, "superd: upgraded from "), "%s", outcome.out);
	cr_assert(superd_logged(superd, ": upgraded from "), "%s", world_logs());
	if (!schema_holds("upgrade", SUPERCTL(control, "--json", "upgrade").out))
		cr_log_warn("no jsonschema for python3");
}

Behaviour(upgrade_going, who_does_not_wait_is_answered_at_once)
{
	const char *place = path_in("superd"), *other = path_in("other");
	struct superd *superd;
	struct outcome outcome;

	control = path_in("control");
	cr_assert_eq(symlink(superd_path(), place), 0);
	superd = superd_run_with(
		&(struct setup){ .program = place, .arguments = (const char *const[]){ "--control", control, NULL } },
		WEB, 0, backend("serve"), "");
	superd_port(superd, "web");
	wait_node(control);
	write_file("hangs", "%s", "#!/bin/sh\nexec sleep 1000\n");
	cr_assert_eq(system(text_of("chmod +x %s && ln -s %s %s && mv -T %s %s", path_in("hangs"), path_in("hangs"),
				    other, other, place)),
		     0);
	outcome = SUPERCTL(control, "upgrade", "--timeout=200ms");
	cr_assert_eq(outcome.status, 1);
	cr_assert_not_null(strstr(outcome.err, "not upgraded in time, but under way"), "%s", outcome.err);
	outcome = SUPERCTL(control, "upgrade", "--no-wait");
	cr_assert_eq(outcome.status, 1);
	cr_assert_not_null(strstr(outcome.err, "busy: an upgrade is under way"), "%s", outcome.err);
	superd_signal(superd, SIGUSR2);
	superd_wait_log(superd, "not upgraded: busy: an upgrade is under way");
}

Behaviour(upgrade_going, not_waiting_it_comes_all_the_same)
{
	struct superd *superd = run(backend("hang"), "timeout_stop = 1h");
	struct outcome outcome;
	int client = client_connect(superd_port(superd, "web"));

	superd_wait_log(superd, "web: started, pid ");
	outcome = SUPERCTL(control, "upgrade", "--no-wait");
	cr_assert_eq(outcome.status, 0, "%s", outcome.err);
	cr_assert_str_eq(outcome.out, "superd: under way\n");
	superd_wait_log(superd, ": upgraded from ");
	outcome = SUPERCTL(control, "shutdown", "--timeout=200ms");
	cr_assert_eq(outcome.status, 1);
	cr_assert_not_null(strstr(outcome.err, "superd has not ended in time"), "%s", outcome.err);
	outcome = SUPERCTL(control, "shutdown", "--no-wait");
	cr_assert_eq(outcome.status, 0, "%s", outcome.err);
	close(client);
	superd_wait_exit(superd);
}

Behaviour(upgrade_going, who_has_given_up_gets_no_answer_to_another_request)
{
	const char *place = path_in("superd"), *other = path_in("other"), *go = path_in("go");
	struct superd *superd;
	int session, fifo;

	cr_assert_eq(symlink(superd_path(), place), 0);
	cr_assert_eq(mkfifo(go, 0600), 0);
	superd = controlled_run_with(&(struct setup){ .program = place }, WEB, 0, backend("serve"), "");
	cr_assert(control_is_done(control_once("start web")));
	write_file("asked", "#!/bin/sh\nread -r line <%s\necho it is none\nexit 1\n", go);
	cr_assert_eq(system(text_of("chmod +x %s && ln -s %s %s && mv -T %s %s", path_in("asked"), path_in("asked"),
				    other, other, place)),
		     0);
	session = control_connect();
	client_send(session, "upgrade --check --timeout=200ms\n");
	cr_assert_not_null(strstr(client_line(session), "has not answered in time"));
	client_send(session, "wait --asleep web\n");
	fifo = open(go, O_WRONLY | O_CLOEXEC);
	close(fifo);
	superd_wait_log(superd, "an upgrade would fail: ");
	cr_assert(control_is_done(control_once("stop web")));
	cr_expect_not_null(strstr(client_line(session), "\"result\":\"asleep\""));
	close(session);
}
