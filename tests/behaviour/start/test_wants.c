/* Services without sockets that others need: started before these, stopped when none of these runs any more. What is
 * required and fails makes the start fail; what is only wanted does not. */
#include "controlling.h"
#include "superctl.h"
#include "unit_files.h"

#define expect_in(text, what) \
	do { \
		const char *in_ = (text); \
		cr_expect_not_null(strstr(in_, (what)), "no %s in %s", (what), in_); \
	} while (0)

static const char *state(const char *service)
{
	return control_value(control_once("list %s", service), "state");
}

static bool is(const char *service, const char *expected)
{
	return !strcmp(state(service), expected);
}

/* A service without sockets. */
static const char *back(const char *name, const char *options)
{
	return text_of("service %s {\n exec = \"%s\"\n start = wanted\n %s\n}\n", name, backend("sleep 10000000"),
		       options);
}

static const char *front(const char *name, const char *options)
{
	return text_of("service %s {\n listen = \"127.0.0.1:0\"\n exec = \"%s\"\n %s\n}\n", name, backend("serve"),
		       options);
}

/* Each client has a process, which serves it until it leaves. */
static const char *each(const char *name, const char *options)
{
	return text_of("service %s {\n listen = \"127.0.0.1:0\"\n exec = \"/bin/cat\"\n accept = yes\n %s\n}\n", name,
		       options);
}

/* Until the file is there, db is not ready. */
static const char *gated(const char *gate)
{
	return text_of("exec_ready = \"/usr/bin/test -e %s\"", gate);
}

/* As long as the file is there, db does not start. */
static const char *barred(const char *bar)
{
	return text_of("exec_start_pre = \"/usr/bin/test ! -e %s\"", bar);
}

static struct superd *run_both(const char *db_options, const char *web_options)
{
	return controlled_clock_run("defaults { timeout_start = 10h backoff_min = 10min backoff_max = 10min }\n%s%s",
				    back("db", db_options), front("web", web_options));
}

static void pass_hours(struct superd *superd)
{
	for (int n = 0; n < 3; n++)
		clock_advance(superd, HOUR_MS);
}

static int ask(struct superd *superd, const char *service)
{
	int client = client_connect(superd_port(superd, service));

	client_send(client, "asked\n");
	return client;
}

static void expect_served(int client)
{
	cr_expect(strstr(client_line(client), "asked"), "%s", world_logs());
	close(client);
}

static void expect_before(struct superd *superd, const char *first, const char *second)
{
	const char *log, *one, *other;

	WAIT_UNTIL(superd_logged(superd, first) && superd_logged(superd, second));
	log = read_text(superd->log);
	one = strstr(log, first);
	other = strstr(log, second);
	cr_expect(one < other, "%s is not before %s:\n%s", first, second, log);
}

Behaviour(wants, the_other_is_started_first_and_its_readiness_waited_for)
{
	const char *gate = path_in("gate");
	struct superd *superd = run_both(gated(gate), "wants = { db }");
	int client = ask(superd, "web");

	WAIT_UNTIL(is("db", "starting") && is("web", "queued"));
	pass_hours(superd);
	cr_assert(is("web", "queued") && !superd_logged(superd, "web: started"), "%s", world_logs());
	expect_in(why_of("web"), "it waits for db (wants)");
	write_file("gate", "%s", "");
	expect_served(client);
	cr_expect(is("db", "running"));
	expect_in(why_of("db"), "runs, and has no socket to serve; web wants it");
	cr_expect(superd_logged(superd, ", by web, which wants it"));
	expect_in(why_of("db"), ") by web, which wants it, ");
	expect_in(why_of("db"), ", ready after ");
	expect_in(control_once("status db"), "\"by\":\"web, which wants it\"");
}

/* What was waited for tells how long: it is no part of the time until the service is ready. */
Behaviour(wants, the_time_of_the_others_start_is_told_apart)
{
	const char *gate = path_in("gate"), *start;
	struct superd *superd = run_both(
		text_of("exec_start_pre = \"/bin/sh -c 'until test -e %s; do sleep 0.02; done'\"", gate),
		"wants = { db }");
	int client = ask(superd, "web");

	WAIT_UNTIL(is("db", "starting") && superd_processes(superd) > 0);
	clock_advance_beside(superd, HOUR_MS);
	write_file("gate", "%s", "");
	expect_served(client);
	/* superd looks for it after ever longer pauses. */
	CLOCK_UNTIL(superd, 10 * MINUTE_MS, 10, strstr(why_of("web"), " after it was wanted, ready after "));
	start = strstr(control_once("status web"), "\"last_activation\"");
	cr_assert_not_null(start);
	cr_expect_geq(strtod(control_value(start, "wait"), NULL), 3600, "%s", start);
	cr_expect_geq(strtod(control_value(start, "latency"), NULL), strtod(control_value(start, "wait"), NULL), "%s",
		      start);
}

Behaviour(wants, the_next_start_is_by_whom_it_is)
{
	struct superd *superd = run_both("", "wants = { db }");

	client_ask_pid(superd_port(superd, "web"));
	control_once("stop web");
	WAIT_UNTIL(is("db", "listening"));
	control_once("start db");
	expect_in(why_of("db"), ") by operator");
	cr_expect(superd_logged(superd, ", by operator"));
}

Behaviour(wants, an_order_to_start_waits_as_well)
{
	struct superd *superd = run_both("", "requires = { db }");

	expect_in(superctl_order("start web"), "started, pid ");
	cr_expect(is("db", "running"));
	expect_before(superd, "db: started", "web: started");
}

Behaviour(wants, what_is_wanted_and_fails_is_told_and_gone_without)
{
	struct superd *superd = run_both("exec_start_pre = \"/bin/false\"", "wants = { db }");

	client_ask_pid(superd_port(superd, "web"));
	superd_wait_log(superd, "web: warning: wants db, and starts without it: ");
}

/* The client is none that is lost: it waits for the next try, as after any failed start. */
Behaviour(wants, what_is_required_and_fails_is_a_failed_start)
{
	const char *bar = write_file("bar", "%s", "");
	struct superd *superd = run_both(barred(bar), "requires = { db }");
	int client = ask(superd, "web");

	superd_wait_log(superd, "web: cannot start: it requires db: ");
	WAIT_UNTIL(is("web", "backoff"));
	expect_in(why_of("web"), "it requires db: ");
	expect_in(superctl_order("start web"), "failed");
	cr_assert_not(superd_logged(superd, "web: started"), "%s", world_logs());
	CLOCK_UNTIL(superd, MINUTE_MS, 30, superd_log_count(superd, "web: cannot start: it requires db: ") == 3);
	unlink(bar);
	CLOCK_UNTIL(superd, MINUTE_MS, 30, superd_logged(superd, "web: started"));
	expect_served(client);
	expect_before(superd, "db: started", "web: started");
}

Behaviour(wants, one_that_is_held_or_disabled_is_gone_without_or_waited_for)
{
	struct superd *superd = controlled_run("%s%s%s", back("db", ""), front("web", "wants = { db }"),
					       front("needs", "requires = { db }"));

	superd_wait_log(superd, "needs: listening");
	control_once("hold db");
	client_ask_pid(superd_port(superd, "web"));
	superd_wait_log(superd, "web: warning: wants db, and starts without it: held");
	control_once("stop web");
	control_once("disable db");
	client_ask_pid(superd_port(superd, "web"));
	superd_wait_log(superd, "web: warning: wants db, and starts without it: it is disabled");
	expect_in(superctl_order("start needs"), "it requires db: it is disabled");
}

static void wait_until_late(struct superd *superd)
{
	superd_wait_log(superd, "db: started, pid ");
	clock_advance(superd, 9 * MINUTE_MS);
	cr_assert(is("web", "queued"), "%s", world_logs());
	CLOCK_UNTIL(superd, MINUTE_MS, 5, superd_logged(superd, "db: stopping pid "));
}

Behaviour(wants, one_that_is_never_ready_has_its_timeout_start)
{
	struct superd *superd = run_both("exec_ready = \"/bin/false\" timeout_start = 10min", "wants = { db }");
	int client = ask(superd, "web");

	wait_until_late(superd);
	expect_served(client);
	superd_wait_log(superd, "web: warning: wants db, and starts without it: ");
}

Behaviour(wants, one_that_is_required_and_never_ready_fails_with_its_timeout_start)
{
	struct superd *superd = run_both("exec_ready = \"/bin/false\" timeout_start = 10min", "requires = { db }");
	int client = ask(superd, "web");

	wait_until_late(superd);
	superd_wait_log(superd, "web: cannot start: it requires db: ");
	cr_expect(client_is_quiet(client, 0));
	close(client);
}

Behaviour(wants, it_is_stopped_with_the_last_that_wants_it)
{
	struct superd *superd = controlled_clock_run("%s%s%s", back("db", ""),
						     front("one", "requires = { db } idle_timeout = 10min"),
						     front("two", "wants = { db }"));

	client_ask_pid(superd_port(superd, "one"));
	client_ask_pid(superd_port(superd, "two"));
	CLOCK_UNTIL(superd, MINUTE_MS, 20, superd_logged(superd, "one: stopping pid "));
	WAIT_UNTIL(is("one", "listening"));
	pass_hours(superd);
	cr_assert(is("db", "running"), "%s", world_logs());
	expect_in(superctl_order("stop two"), "stopped");
	superd_wait_log(superd, "db: stopping: no service wants it any more");
	WAIT_UNTIL(is("db", "listening"));
	superd_expect_count(superd, "db: started, pid ", 1);
	client_ask_pid(superd_port(superd, "one"));
	superd_expect_count(superd, "db: started, pid ", 2);
}

Behaviour(wants, one_with_another_start_is_not_stopped)
{
	struct superd *superd = controlled_run(
		"service boot { exec = \"%s\" start = boot }\nservice manual { exec = \"%s\" start = manual }\n%s",
		backend("sleep 10000000"), backend("sleep 10000000"), front("web", "wants = { boot, manual }"));

	superd_wait_log(superd, "boot: started");
	cr_assert_not(superd_logged(superd, "manual: started"));
	client_ask_pid(superd_port(superd, "web"));
	superd_expect_count(superd, "manual: started", 1);
	expect_in(superctl_order("stop web"), "stopped");
	cr_expect(is("boot", "running") && is("manual", "running"));
}

/* Its process may have connections there. */
Behaviour(wants, a_frozen_service_keeps_what_it_wants)
{
	struct superd *superd = run_both("", "wants = { db } idle_timeout = 10min idle_action = freeze");
	long pid = client_ask_pid(superd_port(superd, "web"));

	CLOCK_UNTIL(superd, MINUTE_MS, 60, is("web", "frozen"));
	pass_hours(superd);
	cr_assert(is("db", "running"), "%s", world_logs());
	cr_expect_eq(client_ask_pid(superd_port(superd, "web")), pid);
	superd_expect_count(superd, "db: started, pid ", 1);
}

Behaviour(wants, one_that_an_operator_has_frozen_is_thawed)
{
	struct superd *superd = run_both("", "wants = { db }");

	control_once("start db");
	expect_in(superctl_order("freeze db"), "frozen");
	client_ask_pid(superd_port(superd, "web"));
	cr_expect(is("db", "running"));
	superd_wait_log(superd, ", by web, which wants it");
}

/* Of a service with sockets no process runs before a client has come. */
Behaviour(wants, with_accept_it_is_started_with_the_first_client_and_stopped_with_the_last)
{
	struct superd *superd = controlled_run("%s%s", back("db", ""), each("web", "requires = { db }"));
	int first, second;

	superd_wait_log(superd, "web: listening");
	cr_assert_not(superd_logged(superd, "db: started"));
	first = ask(superd, "web");
	cr_assert_str_eq(client_line(first), "asked");
	expect_before(superd, "db: started", "web: started");
	second = ask(superd, "web");
	cr_assert_str_eq(client_line(second), "asked");
	close(first);
	superd_expect_count(superd, "web: pid ", 1);
	cr_expect(is("db", "running"));
	close(second);
	superd_wait_log(superd, "db: stopping: no service wants it any more");
	WAIT_UNTIL(is("db", "listening"));
	expect_served(ask(superd, "web"));
	superd_expect_count(superd, "db: started, pid ", 2);
}

Behaviour(wants, with_accept_clients_wait_until_it_is_ready)
{
	const char *gate = path_in("gate");
	struct superd *superd = controlled_clock_run("defaults { timeout_start = 10h }\n%s%s", back("db", gated(gate)),
						     each("web", "requires = { db }"));
	int clients[] = { ask(superd, "web"), ask(superd, "web"), ask(superd, "web") };

	WAIT_UNTIL(is("web", "queued"));
	expect_in(why_of("web"), "it waits for db (wants)");
	pass_hours(superd);
	cr_assert_not(superd_logged(superd, "web: started"), "%s", world_logs());
	write_file("gate", "%s", "");
	for (size_t n = 0; n < 3; n++)
		expect_served(clients[n]);
	superd_expect_count(superd, "db: started, pid ", 1);
}

Behaviour(wants, with_accept_a_client_waits_for_the_next_try)
{
	const char *bar = write_file("bar", "%s", "");
	struct superd *superd = controlled_clock_run("defaults { backoff_min = 10min backoff_max = 10min }\n%s%s",
						     back("db", barred(bar)), each("web", "requires = { db }"));
	int client = ask(superd, "web");

	superd_wait_log(superd, "web: cannot start: it requires db: ");
	WAIT_UNTIL(is("web", "backoff"));
	unlink(bar);
	CLOCK_UNTIL(superd, MINUTE_MS, 30, superd_logged(superd, "web: started"));
	expect_served(client);
}

/* A client may give up before what its service wants is ready. */
Behaviour(wants, with_accept_nothing_stays_for_a_client_that_has_left)
{
	const char *gate = path_in("gate");
	struct superd *superd = controlled_run("%s%s", back("db", gated(gate)), each("web", "requires = { db }"));
	int client = ask(superd, "web");

	WAIT_UNTIL(is("web", "queued"));
	close(client);
	write_file("gate", "%s", "");
	superd_wait_log(superd, "db: stopping: no service wants it any more");
}

/* As conf/behind.conf: a server that opens its own socket sleeps behind a redirect. */
Behaviour(wants, a_redirect_starts_and_stops_the_server_behind_it)
{
	const char *path = path_in("own.sock");
	struct superd *superd = controlled_run(
		"service front { listen = \"127.0.0.1:0\" accept = yes redirect = \"%s\" requires = { server } "
		"user = \"%s\" }\n"
		"service server {\n exec = \"%s %s\"\n exec_ready = \"/usr/bin/test -S %s\"\n start = wanted\n}\n",
		path, own_user(), backend("own"), path, path);

	for (size_t n = 1; n <= 2; n++) {
		expect_served(ask(superd, "front"));
		superd_expect_count(superd, "server: started, pid ", n);
		superd_expect_count(superd, "server: stopping: no service wants it any more", n);
		WAIT_UNTIL(is("server", "listening"));
		unlink(path);
	}
}

/* Clients of TCPMUX come without a listener of the service. */
Behaviour(wants, clients_that_tcpmux_hands_over_wait_as_well)
{
	const char *gate = path_in("gate");
	struct superd *superd = controlled_run(
		"service mux { listen = \"127.0.0.1:0\" accept = yes builtin = tcpmux }\n%s"
		"service web { listen = \"tcpmux:web\" exec = \"/bin/cat\" accept = yes requires = { db } }\n",
		back("db", gated(gate)));
	int client = client_connect(superd_port(superd, "mux"));

	client_send(client, "web\r\nasked\n");
	WAIT_UNTIL(is("db", "starting"));
	cr_assert(client_is_quiet(client, 0));
	write_file("gate", "%s", "");
	expect_served(client);
	expect_before(superd, "db: started", "web: started");
}

/* Each is started by the one that wants it, and the last first. */
Behaviour(wants, one_that_wants_another_starts_behind_it)
{
	struct superd *superd = controlled_run("%s%s%s", front("web", "requires = { db }"),
					       back("db", "requires = { disk }"), back("disk", ""));

	client_ask_pid(superd_port(superd, "web"));
	expect_before(superd, "disk: started", "db: started");
	expect_before(superd, "db: started", "web: started");
	expect_in(superctl_order("stop web"), "stopped");
	WAIT_UNTIL(is("db", "listening") && is("disk", "listening"));
	expect_before(superd, "db: stopping: no service", "disk: stopping: no service");
}

Behaviour(wants, a_failure_goes_up_to_who_requires_it)
{
	struct superd *superd = controlled_run("%s%s%s", front("web", "requires = { db }"),
					       back("db", "requires = { disk }"),
					       back("disk", "exec_start_pre = \"/bin/false\""));

	expect_in(superctl_order("start web"), "it requires db: cannot start: it requires disk: ");
	superd_stop(superd);
}

Behaviour(wants, superd_starts_its_own_at_boot_behind_what_they_want)
{
	struct superd *superd = controlled_run("%s%s", front("web", "start = boot requires = { db }"), back("db", ""));

	expect_before(superd, "db: started", "web: started");
}

/* Connecting wakes it. */
Behaviour(wants, one_with_a_socket_is_started_as_well)
{
	struct superd *superd = controlled_run("%s%s", front("db", ""), front("web", "requires = { db }"));

	client_ask_pid(superd_port(superd, "web"));
	expect_before(superd, "db: started", "web: started");
	control_once("stop db");
	client_ask_pid(superd_port(superd, "web"));     /* nothing stops or starts it while web runs */
	control_once("stop web");
	client_ask_pid(superd_port(superd, "web"));
	superd_expect_count(superd, "db: started", 2);
}

/* Nobody waits for it, and it need not be ready ever. */
Behaviour(wants, one_that_starts_beside_is_not_waited_for)
{
	const char *gate = path_in("gate");
	struct superd *superd = run_both(gated(gate), "requires = { db }\n beside = { db }");

	expect_served(ask(superd, "web"));
	WAIT_UNTIL(is("db", "starting"));
	cr_expect(is("web", "running"));
	write_file("gate", "%s", "");
}

Behaviour(wants, one_beside_that_fails_keeps_no_client_out)
{
	const char *bar = path_in("bar");
	struct superd *superd = run_both(barred(bar), "requires = { db }\n beside = { db }");

	write_file("bar", "%s", "");
	expect_served(ask(superd, "web"));
	superd_wait_log(superd, "db: cannot start");
	expect_served(ask(superd, "web"));
	cr_expect_not(superd_logged(superd, "web: cannot start"), "%s", world_logs());
}

/* Of two services that wait, each names the other: that wakes neither. */
Behaviour(wants, two_that_wait_and_name_each_other_hold_nobody_up)
{
	const char *gate = path_in("gate");
	struct superd *superd = controlled_clock_run(
		"%s%s%s", back("slow", gated(gate)),
		back("side", "wants = { web, slow }\n beside = { web }"),
		front("web", "requires = { side, slow }\n beside = { side }"));
	int client = ask(superd, "web");

	WAIT_UNTIL(is("web", "queued") && is("side", "queued"));
	write_file("gate", "%s", "");
	expect_served(client);
}

/* A sidecar, which asks the service that has it: it waits until that is ready. */
Behaviour(wants, one_beside_that_requires_the_service_comes_when_that_is_ready)
{
	const char *gate = path_in("gate");
	struct superd *superd =
		controlled_clock_run("%s%s", back("db", "requires = { web }"),
				     front("web", text_of("%s\n wants = { db }\n beside = { db }", gated(gate))));
	int client = ask(superd, "web");

	WAIT_UNTIL(is("web", "starting"));
	cr_assert_not(superd_logged(superd, "db: started"), "%s", world_logs());
	write_file("gate", "%s", "");
	expect_served(client);
	expect_before(superd, "web: started", "db: started");
}

/* Work that is done once, when superd starts. */
static const char *prep(const char *options)
{
	return text_of("service prep {\n exec = \"/bin/true\"\n type = oneshot\n start = boot\n restart = no\n"
		       " %s\n}\n",
		       options);
}

/* What a socket needs is no need of each start. */
Behaviour(wants, what_a_socket_needs_is_asked_once)
{
	const char *bar = path_in("bar");
	struct superd *superd =
		controlled_run("%s%s", prep(barred(bar)), front("web", "socket_requires = { prep }"));

	expect_served(ask(superd, "web"));
	write_file("bar", "%s", "");
	control_once("stop web");
	expect_served(ask(superd, "web"));
	superd_expect_count(superd, "prep: started", 1);
}

Behaviour(wants, what_a_socket_requires_and_has_failed_keeps_it_closed)
{
	const char *bar = path_in("bar");
	struct superd *superd;

	write_file("bar", "%s", "");
	superd = controlled_run("defaults { backoff_min = 10ms }\n%s%s", prep(barred(bar)),
				front("web", "socket_requires = { prep }"));
	superd_wait_log(superd, "prep: cannot start");
	superd_wait_log(superd, "web: cannot listen: it requires prep");
	cr_expect_not(superd_logged(superd, "web: listening"), "%s", world_logs());
	cr_expect_eq(unlink(bar), 0);
	expect_served(ask(superd, "web"));
}

/* Else the two would wait for each other until the place of a start is over. */
Behaviour(wants, who_waits_has_no_place_among_the_starts)
{
	const char *const arguments[] = { "--control", control_path(), "--max-starting", "1", NULL };
	const struct setup setup = { .arguments = arguments };
	struct superd *superd = superd_run_with(&setup, "%s%s", back("db", ""), front("web", "wants = { db }"));

	client_ask_pid(superd_port(superd, "web"));
	cr_expect(is("db", "running"));
}

Behaviour(wants, the_work_of_a_oneshot_is_done_before_each_start)
{
	const char *ran = path_in("ran");
	struct superd *superd = controlled_run("service once { start = manual type = oneshot "
					       "exec = \"/bin/sh -c 'echo >>%s'\" }\n%s",
					       ran, front("web", "requires = { once }"));

	client_ask_pid(superd_port(superd, "web"));
	cr_expect_eq(count_lines(ran), 1);
	expect_in(superctl_order("stop web"), "stopped");
	client_ask_pid(superd_port(superd, "web"));
	cr_expect_eq(count_lines(ran), 2);
}

Behaviour(wants, a_stop_ends_the_wait_and_what_was_started_for_it)
{
	struct superd *superd = run_both("exec_ready = \"/bin/false\"", "wants = { db }");

	cr_assert(control_is_done(control_once("start --no-wait web")));
	WAIT_UNTIL(is("web", "queued") && is("db", "starting"));
	expect_in(superctl_order("stop web"), "stopped");
	WAIT_UNTIL(is("web", "listening") && is("db", "listening"));
	superd_stop(superd);
}

Behaviour(wants, a_shutdown_ends_the_wait)
{
	struct superd *superd = run_both("exec_ready = \"/bin/false\"", "wants = { db }");

	cr_assert(control_is_done(control_once("start --no-wait web")));
	WAIT_UNTIL(is("web", "queued") && is("db", "starting"));
	superd_stop(superd);
}

static void wait_over_an_upgrade(struct superd *superd)
{
	int client = ask(superd, "web");

	WAIT_UNTIL(is("web", "queued") && is("db", "starting"));
	superd_wait_log(superd, "db: started, pid ");
	superd_upgrade(superd);
	pass_hours(superd);
	cr_assert(is("web", "queued"), "%s", world_logs());
	write_file("gate", "%s", "");
	cr_assert(strstr(client_line(client), "asked"));
	superd_upgrade(superd);
	pass_hours(superd);
	cr_assert(is("db", "running"), "%s", world_logs());
	superd_expect_count(superd, "db: started, pid ", 1);
	close(client);
	control_once("stop web");
	superd_wait_log(superd, "db: stopping: no service wants it any more");
	superd_stop(superd);
}

Behaviour(wants, the_wait_goes_on_over_an_upgrade)
{
	wait_over_an_upgrade(run_both(gated(path_in("gate")), "wants = { db }"));
}

Behaviour(wants, the_wait_of_connections_goes_on_over_an_upgrade)
{
	wait_over_an_upgrade(controlled_clock_run("defaults { timeout_start = 10h }\n%s%s",
						  back("db", gated(path_in("gate"))), each("web", "wants = { db }")));
}

static const char *both_at(int web, const char *options)
{
	return text_of("%sservice web {\n listen = \"127.0.0.1:%d\"\n exec = \"%s\"\n %s\n}\n", back("db", ""), web,
		       backend("serve"), options);
}

Behaviour(wants, a_reload_changes_what_is_wanted)
{
	int web = free_port();
	struct superd *superd = controlled_run("%s", both_at(web, "wants = { db }"));

	superd_wait_log(superd, "web: listening");
	client_ask_pid(web);
	cr_assert(is("db", "running"), "%s", world_logs());
	cr_assert(superd_reload(superd, "%s", both_at(web, "")));
	superd_wait_log(superd, "db: stopping: no service wants it any more");
	WAIT_UNTIL(is("db", "listening"));
	cr_assert(superd_reload(superd, "%s", both_at(web, "wants = { db }")));
	control_once("stop web");
	client_ask_pid(web);
	cr_expect(is("db", "running"), "%s", world_logs());
}

static const char *hanging_at(int web, const char *options)
{
	return text_of("defaults { timeout_start = 10h }\n%s"
		       "service web { listen = \"127.0.0.1:%d\" exec = \"%s\" %s }\n",
		       back("db", gated(path_in("gate"))), web, backend("serve"), options);
}

/* Its clients wait no longer for what hangs. */
Behaviour(wants, a_reload_ends_the_wait_for_what_is_wanted_no_more)
{
	int web = free_port(), client;
	struct superd *superd = controlled_run("%s", hanging_at(web, "requires = { db }"));

	superd_wait_log(superd, "web: listening");
	client = client_connect(web);
	client_send(client, "asked\n");
	superd_wait_log(superd, "db: started");
	cr_expect(is("web", "queued"));
	cr_assert(superd_reload(superd, "%s", hanging_at(web, "")));
	expect_served(client);
}

/* The one that wanted it is in no table any more, and its instance goes on. */
Behaviour(wants, it_runs_for_an_instance_that_a_reload_has_removed)
{
	int web = free_port();
	struct superd *superd = controlled_run("%s", both_at(web, "wants = { db } on_remove = drain"));
	int client;

	superd_wait_log(superd, "web: listening");
	client = ask(superd, "web");
	cr_assert(strstr(client_line(client), "asked"));
	cr_assert(superd_reload(superd, "%s", back("db", "")));
	cr_expect(is("db", "running"), "%s", world_logs());
	close(client);
	superd_wait_log(superd, "db: stopping: no service wants it any more");
}

static struct outcome check_web(const char *wants)
{
	const char *table = write_file("table",
				       "service web {\n listen = \"127.0.0.1:3\"\n exec = \"/bin/true\"\n %s\n}\n"
				       "%s%s%s%s%s"
				       "service front { listen = \"127.0.0.1:2\" exec = \"/bin/true\""
				       " wants = { web } }\n"
				       "service each { listen = \"127.0.0.1:4\" exec = \"/bin/true\" accept = yes }\n",
				       wants, back("db", ""), back("ring", "wants = { chain }"),
				       back("chain", "requires = { ring }"),
				       back("pool", "requires = { db }"),
				       back("waits", "requires = { web }"));

	return SUPERD_ANSWER("--check", "--no-preflight", "-f", table);
}

Behaviour(wants, what_cannot_be_is_an_error_by_its_line)
{
	static const char *const cases[][3] = {
		{ "wants = { dbb }", ":4:2: error: web: wants: the configuration has no service 'dbb'",
		  "did you mean 'db'?" },
		{ "requires = { dbb }", ":4:2: error: web: requires: the configuration has no service 'dbb'",
		  "did you mean 'db'?" },
		{ "wants = { ring }", "error: chain: requires: 'ring' leads back to this service", ":19:2: " },
		{ "wants = { each }",
		  ":4:2: warning: web: wants: superd does not start 'each' for this: each of its clients does", "" },
		{ "wants = { web }\n beside = { web }", ":4:2: error: web: wants: 'web' leads back to this service",
		  "" },
		{ "requires = { front }", "error: front: wants: 'web' leads back to this service", "" },
		{ "socket_requires = { waits }", "error: waits: requires: 'web' leads back to this service", "" },
		{ "wants = { db }\n beside = { ring }",
		  ":5:2: error: web: beside: neither requires nor wants has 'ring'", "" },
		{ "start_priority = batch", ":4:2: error: unknown option 'start_priority'",
		  "remove it: at the limit of max_starting services start in the order of their clients" },
	};

	for (size_t n = 0; n < sizeof(cases) / sizeof(*cases); n++) {
		struct outcome outcome = check_web(cases[n][0]);

		expect_in(outcome.err, cases[n][1]);
		expect_in(outcome.err, cases[n][2]);
	}
}

/* Of a pair in the same table; what is not there is told. */
static void expect_wanted_by(const char *key)
{
	const char *web = path_in("web.sock");
	struct superd *superd;

	write_file("db.service", "[Service]\n%s\nUser=%s\n", unit_backend("sleep 10000000"), own_user());
	write_pair("web", text_of("ListenStream=%s", web), unit_backend("serve"));
	write_drop_in("web.service", "[Unit]\n%s=db.service network-online.target other.service\nAfter=db.service\n",
		      key);
	superd = units_run("web.socket", NULL);
	cr_assert(strstr(unit_ask(web, "asked\n"), " asked"));
	expect_before(superd, "db: started", "web: started");
	cr_expect(superd_logged(superd, ": there is no other.service to start"), "%s", world_logs());
	superd_stop(superd);
}

Behaviour(wants, units_start_what_they_want)
{
	expect_wanted_by("Wants");
}

Behaviour(wants, units_start_what_they_require)
{
	expect_wanted_by("Requires");
}

Behaviour(wants, units_start_what_they_are_bound_to)
{
	expect_wanted_by("BindsTo");
}

/* A server that cannot take sockets, and the one in front that requires it, as systemd-socket-proxyd(8) shows. Only the
 * socket is named. */
static struct superd *run_proxied(const char *back, const char *socket)
{
	write_file("back.service", "[Unit]\n%s[Service]\n%s\nUser=%s\n", back, unit_backend("sleep 10000000"),
		   own_user());
	write_pair("front", text_of("ListenStream=%s\n%s", path_in("front.sock"), socket), unit_backend("take 1"));
	write_drop_in("front.service", "[Unit]\nRequires=back.service\nAfter=back.service network.target\n");
	return units_run("front.socket", NULL);
}

Behaviour(wants, a_required_unit_without_a_socket_is_read_along_and_stopped_again)
{
	struct superd *superd = run_proxied("StopWhenUnneeded=yes\n", "");

	for (size_t n = 1; n <= 2; n++) {
		cr_assert(strstr(unit_ask(path_in("front.sock"), "asked\n"), " asked"));
		superd_expect_count(superd, "back: started, pid ", n);
		superd_expect_count(superd, "back: stopping: no service wants it any more", n);
		WAIT_UNTIL(superd_log_count(superd, "back: pid ") >= n);
	}
}

Behaviour(wants, a_required_unit_runs_on_where_it_may)
{
	struct superd *superd = run_proxied("", "");

	cr_assert(strstr(unit_ask(path_in("front.sock"), "asked\n"), " asked"));
	cr_assert(strstr(unit_ask(path_in("front.sock"), "asked\n"), " asked"));
	superd_expect_count(superd, "back: started, pid ", 1);
	cr_expect_not(superd_logged(superd, "no service wants it"));
}

/* A template whose instances require a unit: it is started with the first of them. */
Behaviour(wants, what_a_template_requires_starts_with_its_first_instance)
{
	const char *path = path_in("each.sock");
	struct superd *superd;

	write_file("back.service", "[Unit]\nStopWhenUnneeded=yes\n[Service]\n%s\nUser=%s\n",
		   unit_backend("sleep 10000000"), own_user());
	write_pair("each", text_of("ListenStream=%s\nAccept=yes", path), "ExecStart=/bin/cat\nStandardInput=socket");
	write_drop_in("each@.service", "[Unit]\nRequires=back.service\nAfter=back.service\n");
	superd = units_run("each.socket", NULL);
	superd_wait_log(superd, "each: listening");
	cr_assert_not(superd_logged(superd, "back: started"), "%s", world_logs());
	cr_assert_str_eq(unit_ask(path, "asked\n"), "asked");
	expect_before(superd, "back: started", "each: started");
	superd_wait_log(superd, "back: stopping: no service wants it any more");
}

/* A socket is there as long as superd. */
Behaviour(wants, what_a_socket_requires_starts_with_superd)
{
	struct superd *superd;

	write_drop_in("front.socket", "[Unit]\nRequires=early.service\n");
	write_file("early.service", "[Service]\n%s\nUser=%s\n", unit_backend("sleep 10000000"), own_user());
	superd = run_proxied("", "");
	superd_wait_log(superd, "early: started");
	cr_expect_not(superd_logged(superd, "back: started"));
}

Behaviour(wants, a_required_unit_that_fails_is_a_failed_start)
{
	struct superd *superd = run_proxied("[Service]\nExecStartPre=/bin/false\n", "");

	superd_wait_log(superd, "front: listening");
	client_send(client_connect_unix(path_in("front.sock"), SOCK_STREAM), "asked\n");
	superd_wait_log(superd, "front: cannot start: it requires back: ");
	cr_expect_not(superd_logged(superd, "front: started"), "%s", world_logs());
}

/* Nothing of these is done, and each is told of at its place. */
Behaviour(wants, what_is_not_done_for_other_units_is_told_by_its_line)
{
	static const char *const said[] = {
		"a.service:5:7: warning: Wants: there is no gone.service to start",
		"a.service:6:10: warning: Requires: superd does not open other.socket",
		"a.service:7:11: warning: Conflicts=b.service: superd stops no unit for another",
		"a.service:8:8: warning: PartOf=b.service: superd does not stop or restart a unit with another",
		"a.service:9:10: warning: Requires: superd starts no units as disk.mount",
		"a.service.requires/lost.service: warning: Requires: there is no lost.service to start",
	};
	struct outcome outcome;

	write_file("a.socket", "[Socket]\nListenStream=%s\n", path_in("a.sock"));
	write_file("a.service", "[Service]\nExecStart=/bin/cat\nUser=%s\n[Unit]\nWants=gone.service\n"
				"Requires=other.socket a.socket\nConflicts=b.service shutdown.target\n"
				"PartOf=b.service\n"
				"Requires=disk.mount\nBindsTo=a.socket\n", own_user());
	cr_assert_eq(mkdir(path_in("a.service.requires"), 0755), 0);
	cr_assert_eq(symlink("/none", path_in("a.service.requires/lost.service")), 0);
	outcome = SUPERD_ANSWER("--check", "--no-preflight", "-f", path_in("a.socket"));
	cr_expect_eq(outcome.status, 0, "%s", outcome.err);
	for (size_t n = 0; n < sizeof(said) / sizeof(*said); n++)
		expect_in(outcome.err, said[n]);
	cr_expect_null(strstr(outcome.err, "target"), "%s", outcome.err);
	cr_expect_null(strstr(outcome.err, "a.socket:"), "%s", outcome.err);
}
