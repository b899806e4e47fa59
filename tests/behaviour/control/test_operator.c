/* Orders of operators in moments that nobody thinks of: during a pause, while a backend ends, is frozen or drains. */
#include <sys/resource.h>

#include "controlling.h"
#include "superctl.h"

#define expect_in(text, what) \
	do { \
		const char *in_ = (text); \
		cr_expect_not_null(strstr(in_, (what)), "no %s in %s", (what), in_); \
	} while (0)

static int port;

static struct superd *run_web(const char *exec, const char *options)
{
	struct superd *superd = controlled_run("service web { listen = \"127.0.0.1:0\" exec = \"%s\" %s }\n", exec,
					       options);

	port = superd_port(superd, "web");
	return superd;
}

static struct superd *clock_run_web(const char *exec, const char *options)
{
	struct superd *superd = controlled_clock_run("service web { listen = \"127.0.0.1:0\" exec = \"%s\" %s }\n",
						     exec, options);

	port = superd_port(superd, "web");
	return superd;
}

static const char *state(void)
{
	return control_value(control_once("list web"), "state");
}

Behaviour(operator, a_restart_ends_the_pause_after_a_failure)
{
	const char *mended = path_in("mended");
	struct superd *superd = run_web(text_of("/bin/sh -c 'test -e %s && exec %s; exit 3'", mended, backend("serve")),
					"backoff_min = 5min backoff_max = 5min");
	int client = client_connect(port);

	client_send(client, "late\n");
	superd_wait_log(superd, "web: next start in ");
	expect_in(superctl_order("stop web"), "superd tries again after the pause");
	cr_expect_str_eq(state(), "backoff");
	write_file("mended", "%s", "");
	expect_in(superctl_order("restart web"), "started, pid ");
	expect_in(client_line(client), " late");
	close(client);
}

Behaviour(operator, a_restart_counts_also_while_it_is_being_stopped)
{
	struct superd *superd = clock_run_web(backend("hang"), "timeout_stop = 1h kill_signal = SIGWINCH");
	int operator = control_connect();

	cr_assert(control_is_done(control_once("start web")));
	cr_assert(control_is_done(control_once("stop --no-wait web")));
	cr_expect_str_eq(state(), "stopping");
	client_send(operator, "restart web\n");
	clock_advance(superd, 59 * MINUTE_MS);
	cr_expect(client_is_quiet(operator, 0));
	clock_advance(superd, 2 * MINUTE_MS);
	expect_in(client_line(operator), "\"result\":\"started\"");
	cr_expect_str_eq(state(), "running");
	close(operator);
	clock_stop(superd, 2 * HOUR_MS);
}

/* Who stays connected costs the order its time, which is bounded, and is said. */
Behaviour(operator, say_whom_they_killed)
{
	struct superd *superd = clock_run_web(backend("hang"),
					      "accept = yes timeout_stop = 10min kill_signal = SIGWINCH");
	int client = client_connect(port);
	struct program program;
	struct outcome outcome;

	superd_wait_log(superd, "web: started, pid ");
	program = SUPERCTL_BEGIN(false, control_path(), "restart", "web");
	superd_wait_log(superd, " requested: restart");
	clock_advance(superd, MINUTE_MS);
	clock_advance(superd, 10 * MINUTE_MS);
	outcome = program_end(&program);
	cr_expect_eq(outcome.status, 0);
	expect_in(outcome.out, "; 1 instance did not end by timeout_stop and was killed\n");
	cr_expect(client_sees_end(client));
	close(client);
	outcome = SUPERCTL(control_path(), "stop", "web");
	cr_expect_null(strstr(outcome.out, "killed"), "%s", outcome.out);
}

Behaviour(operator, freezing_and_thawing_twice_is_no_failure)
{
	struct superd *superd = run_web(backend("talk"), "");
	const char *pid;

	expect_in(control_once("thaw web"), "\"ok\":true");
	expect_in(superctl_order("start web"), "started, pid ");
	pid = text_of("it continues, pid %s", control_value(control_once("status web"), "pid"));
	cr_assert(control_is_done(control_once("freeze web")));
	expect_in(superctl_order("freeze web"), "it is frozen already");
	expect_in(superctl_order("start web"), pid);
	cr_expect_str_eq(state(), "running");
	superd_stop(superd);
}

Behaviour(operator, instances_of_single_clients_are_not_frozen)
{
	struct superd *superd = run_web(backend("lines"), "accept = yes");
	int client = client_connect(port);

	client_send(client, "one\n");
	client_line(client);
	expect_in(superctl_order("freeze web"), "each of its clients has an instance");
	close(client);
	superd_stop(superd);
}

/* Of an instance that is frozen, that serves for too long, and that stops. */
Behaviour(operator, a_drain_thaws_what_is_frozen)
{
	struct superd *superd = run_web(backend("talk"), "");
	int client = client_connect(port);
	const char *before;

	client_send(client, "one\n");
	before = client_line(client);
	cr_assert(control_is_done(control_once("freeze web")));
	cr_assert(control_is_done(control_once("drain --no-wait web")), "%s", world_logs());
	client_send(client, "one\n");
	cr_expect_str_eq(client_line(client), before);
	close(client);
	superd_wait_log(superd, "it is drained");
	WAIT_UNTIL(strcmp(state(), "listening") == 0);
}

Behaviour(operator, a_drain_ends_under_clients_who_stay_for_too_long)
{
	struct superd *superd = clock_run_web(backend("talk"), "timeout_stop = 10min");
	int client = client_connect(port), next, operator = control_connect();

	client_send(client, "one\n");
	client_line(client);
	client_send(operator, "drain web\n");
	WAIT_UNTIL(strstr(control_once("list web"), "\"held\":true"));
	next = client_connect(port);
	client_send(next, "two\n");
	clock_advance(superd, 9 * MINUTE_MS);
	cr_expect(client_is_quiet(operator, 0), "it was stopped under its clients");
	expect_in(client_line(next), " two");
	client_send(client, "three\n");
	expect_in(client_line(client), " three");
	CLOCK_UNTIL(superd, MINUTE_MS, 20, !client_is_quiet(operator, 0));
	expect_in(client_line(operator), "\"result\":\"drained\"");
	cr_expect(client_sees_end(client));
	cr_expect(client_sees_end(next));
	client_ask_pid(port);
	close(client);
	close(next);
	close(operator);
}

Behaviour(operator, a_drain_of_what_stops_is_its_end)
{
	struct superd *superd = clock_run_web(backend("hang"), "timeout_stop = 1h kill_signal = SIGWINCH");
	int operator = control_connect();

	cr_assert(control_is_done(control_once("start web")));
	cr_assert(control_is_done(control_once("stop --no-wait web")));
	cr_expect_str_eq(state(), "stopping");
	client_send(operator, "drain web\n");
	clock_advance(superd, 59 * MINUTE_MS);
	cr_expect(client_is_quiet(operator, 0));
	clock_advance(superd, 2 * MINUTE_MS);
	expect_in(client_line(operator), "\"result\":\"drained\"");
	cr_expect_str_eq(state(), "listening");
	close(operator);
}

#define SKIP_UNLESS_SEEN() \
	SKIP_WITHOUT(geteuid() == 0, "needs root: superd shows nobody else which sockets it has open")

/* superd works for a moment only on an order, and then looks after all else. An order that it has had no moment for is
 * not done. */
Behaviour(operator, is_obeyed_by_a_superd_that_stands_still)
{
	struct superd *superd = clock_run_web(backend("talk"), "");
	struct outcome outcome;

	wait_node(control_path());
	clock_set_pace(10);
	outcome = SUPERCTL(control_path(), "hold", "web");
	clock_set_pace(0);
	cr_expect_eq(outcome.status, 0, "%s%s", outcome.out, outcome.err);
	cr_expect_str_eq(state(), "held", "%s", world_logs());
	superd_stop(superd);
}

Behaviour(operator, a_start_by_an_operator_is_told_as_such)
{
	struct superd *superd = run_web(backend("take 1"), "");

	expect_in(superctl_order("start web"), "started, pid ");
	cr_expect_str_eq(control_value(control_once("status web"), "by"), "operator");
	expect_in(superctl_order("restart web"), "started, pid ");
	cr_expect_str_eq(control_value(control_once("status web"), "by"), "operator");
	client_ask_pid(port);
	WAIT_UNTIL(strcmp(state(), "listening") == 0);
	client_ask_pid(port);
	WAIT_UNTIL(superd_log_count(superd, "web: started") == 3);
	cr_expect_str_neq(control_value(control_once("status web"), "by"), "operator");
}

/* Of a port that another process has: nothing of it listens, so no answer may promise its clients anything. */
Behaviour(operator, what_has_no_port_is_not_said_to_listen)
{
	int first = free_port(), second = free_port(), others[] = { listen_on(first), listen_on(second) };
	const char *table = text_of("service one { listen = \"127.0.0.1:%d\" exec = \"%s\" }\n"
				    "service each { listen = \"127.0.0.1:%d\" accept = yes exec = \"%s\" }\n",
				    first, backend("serve"), second, backend("lines"));
	static const char *const names[] = { "one", "each" };
	struct superd *superd = controlled_run("%s", table);

	superd_wait_log(superd, "one: ");
	for (size_t n = 0; n < 2; n++) {
		const char *why = "does not listen: ", *answer;

		expect_in(superctl_order("stop %s", names[n]), "no instance runs; it does not listen: ");
		cr_expect(control_is_done(control_once("stop %s", names[n])));
		answer = control_once("restart %s", names[n]);
		expect_in(answer, "Address already in use");
		cr_expect_not(control_is_done(answer), "%s", answer);
		expect_in(superctl_order("drain %s", names[n]), why);
		expect_in(superctl_order("hold %s", names[n]), why);
		expect_in(superctl_order("stop %s", names[n]), why);
		expect_in(superctl_order("release %s", names[n]), why);
		expect_in(superctl_order("enable %s", names[n]), why);
	}
	close(others[0]);
	close(others[1]);
}

/* The next try would be due by a clock that stands still. */
Behaviour(operator, enable_tries_a_port_that_was_taken)
{
	int first = free_port(), second = free_port(), others[] = { listen_on(first), listen_on(second) };
	struct superd *superd = controlled_clock_run(
		"service one { listen = \"127.0.0.1:%d\" exec = \"%s\" }\n"
		"service each { listen = \"127.0.0.1:%d\" accept = yes exec = \"%s\" }\n",
		first, backend("serve"), second, backend("lines"));
	static const char *const names[] = { "one", "each" };

	superd_wait_log(superd, "each: cannot listen on ");
	clock_hold();
	for (size_t n = 0; n < 2; n++) {
		expect_in(superctl_order("enable %s", names[n]), "does not listen: ");
		close(others[n]);
		expect_in(superctl_order("enable %s", names[n]), "enabled\n");
		expect_in(superctl_order("enable %s", names[n]), "it is enabled already\n");
	}
}

/* The status of superctl is that of the program's first second. */
Behaviour(operator, a_start_answers_with_the_first_failure)
{
	struct superd *superd = run_web("/bin/sh -c 'echo cannot open app.conf >&2; exit 3'",
					"backoff_min = 5min backoff_max = 5min");
	static const char *const verbs[] = { "start", "restart" };

	WAIT_UNTIL(client_can_connect_unix(control_path()));
	for (size_t n = 0; n < 2; n++) {
		struct outcome outcome = SUPERCTL(control_path(), verbs[n], "web");

		cr_expect_eq(outcome.status, 1, "%s%s", outcome.out, outcome.err);
		expect_in(outcome.err, "web: failed: it ended with exit status 3");
		cr_expect_null(strstr(outcome.out, "started"), "%s", outcome.out);
	}
	expect_in(superctl_order("start --no-wait web"), "under way");
	superd_stop(superd);
}

/* Real time brings this answer, too, a second later. */
Behaviour(operator, a_start_of_what_says_nothing_is_done_after_a_second)
{
	struct superd *superd = clock_run_web(backend("serve"), "");
	int operator = control_connect();

	client_send(operator, "start web\n");
	superd_wait_log(superd, "web: started, pid ");
	clock_advance(superd, 2 * SECOND_MS);
	expect_in(client_line(operator), "\"result\":\"started\"");
	expect_in(superctl_order("start web"), "it runs already");
	close(operator);
}

/* What reports that it is ready is believed at once. */
Behaviour(operator, a_start_of_what_is_ready_waits_no_longer)
{
	struct superd *superd = run_web("/bin/sh -c 'echo up; exec sleep 1000'", "ready = \"up\" timeout_stop = 1s");

	expect_in(superctl_order("start web"), "started, pid ");
	superd_stop(superd);
}

Behaviour(operator, sleep_and_wake_do_what_idle_action_and_a_client_do)
{
	struct superd *superd = run_web(backend("serve"), "timeout_stop = 1s idle_timeout = 1h idle_action = freeze");
	long pid;

	expect_in(superctl_order("wait web"), "web: asleep");
	expect_in(superctl_order("wake web"), "started, pid ");
	expect_in(superctl_order("wait --awake web"), "web: awake");
	pid = client_ask_to_the_end(port);
	expect_in(superctl_order("sleep web"), "frozen until the next client");
	expect_in(superctl_order("wait --asleep web"), "web: frozen");
	expect_in(superctl_order("wake web"), "thawed");
	cr_expect_eq(client_ask_pid(port), pid);
	expect_in(superctl_order("stop web"), "stopped");
	cr_assert(superd_reload(superd, "service web { listen = \"127.0.0.1:%d\" exec = \"%s\" timeout_stop = 1s }\n",
				port, backend("serve")));
	cr_expect_neq(client_ask_pid(port), pid);
	expect_in(superctl_order("sleep web"), "stopped");
}

Behaviour(operator, one_that_waits_hears_of_the_change_and_changes_nothing)
{
	struct superd *superd = run_web(backend("serve"), "timeout_stop = 1s");
	int waiter = control_connect();

	client_send(waiter, "wait --awake web\n");
	client_ask_pid(port);
	expect_in(client_line(waiter), "\"result\":\"awake\"");
	expect_in(control_once("wait --asleep --timeout=100ms web"), "not done in time: web");
	expect_in(control_once("wait --asleep --no-wait web"), "it does not have that option");
	expect_in(control_once("disable web"), "\"ok\":true");
	expect_in(superctl_order("wait web"), "it is disabled");
	cr_expect_not(superd_logged(superd, "requested: wait"));
	close(waiter);
}
