/* Services that need others to run beside them: `wants` starts, thaws and keeps awake, and never refuses. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client.h"
#include "clock.h"
#include "controlling.h"
#include "process.h"
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

/* Two services: web wants db. db_options begins with how db runs. */
static struct superd *run_both(const char *db_options, const char *web_options)
{
	return controlled_clock_run(
		"defaults { timeout_start = 10h }\nservice db {\n listen = \"127.0.0.1:0\"\n %s\n}\n"
		"service web {\n listen = \"127.0.0.1:0\"\n exec = \"%s\"\n wants = { db }\n"
		" %s\n}\n",
		db_options, backend("serve"), web_options);
}

static void pass_hours(struct superd *superd)
{
	for (int n = 0; n < 3; n++)
		clock_advance(superd, HOUR_MS);
}

static const char *serving(void)
{
	return text_of("exec = \"%s\"", backend("serve"));
}

Behaviour(wants, the_other_is_started_and_its_readiness_waited_for)
{
	const char *gate = path_in("gate");
	struct superd *superd = run_both(text_of("%s exec_ready = \"/usr/bin/test -e %s\"", serving(), gate), "");
	int client = client_connect(superd_port(superd, "web"));

	client_send(client, "asked\n");
	WAIT_UNTIL(is("db", "starting") && is("web", "starting"));
	pass_hours(superd);
	cr_assert(is("web", "starting") && !superd_logged(superd, "web: started"), "%s", world_logs());
	expect_in(control_once("why web"), "it waits for db (wants)");
	expect_in(control_once("status web"), "\"waits_for\":\"it waits for db (wants)\"");
	write_file("gate", "%s", "");
	cr_assert(strstr(client_line(client), " asked"));
	close(client);
	cr_expect(is("db", "running"));
	expect_in(control_once("why db"), "web, which wants it, keeps it awake");
	cr_expect(superd_logged(superd, ", by web, which wants it"));
	expect_in(control_once("why db"), " ago by web, which wants it, ready after ");
	expect_in(control_once("status db"), "\"by\":\"web, which wants it\"");
	superd_stop(superd);
}

/* Whose start was waited for tells how long: it is no part of the time until it is ready. */
Behaviour(wants, the_time_of_the_others_start_is_told_apart)
{
	const char *gate = path_in("gate"), *start;
	struct superd *superd = run_both(
		text_of("%s exec_start_pre = \"/bin/sh -c 'until test -e %s; do sleep 0.02; done'\"", serving(), gate),
		"");
	int client = client_connect(superd_port(superd, "web"));

	client_send(client, "asked\n");
	WAIT_UNTIL(is("db", "starting") && superd_processes(superd) > 0);
	clock_advance_beside(superd, HOUR_MS);
	write_file("gate", "%s", "");
	cr_assert(strstr(client_line(client), " asked"));
	close(client);
	/* superd looks for it after ever longer pauses. */
	CLOCK_UNTIL(superd, 10 * MINUTE_MS, 10, strstr(control_once("why web"), " after it was wanted, ready after "));
	start = strstr(control_once("status web"), "\"last_activation\"");
	cr_assert_not_null(start);
	cr_expect_geq(strtod(control_value(start, "wait"), NULL), 3600, "%s", start);
	cr_expect_geq(strtod(control_value(start, "latency"), NULL), strtod(control_value(start, "wait"), NULL), "%s",
		      start);
	superd_stop(superd);
}

Behaviour(wants, the_next_start_is_by_whom_it_is)
{
	struct superd *superd = run_both(serving(), "");

	client_ask_pid(superd_port(superd, "web"));
	control_once("stop web db");
	control_once("start db");
	expect_in(control_once("why db"), " ago by operator");
	superd_stop(superd);
}

Behaviour(wants, an_order_to_start_waits_as_well)
{
	struct superd *superd = run_both(serving(), "");

	expect_in(control_once("start web"), "started, pid ");
	cr_expect(is("db", "running"));
	superd_stop(superd);
}

Behaviour(wants, one_that_fails_is_told_and_gone_without)
{
	struct superd *superd = run_both(text_of("%s exec_start_pre = \"/bin/false\" backoff_min = 5min "
						 "backoff_max = 5min", serving()), "");

	client_ask_pid(superd_port(superd, "web"));
	superd_wait_log(superd, "web: warning: wants db, and starts without it: ");
	superd_stop(superd);
}

Behaviour(wants, one_that_is_held_or_disabled_is_gone_without)
{
	struct superd *superd = run_both(serving(), "");

	control_once("hold db");
	client_ask_pid(superd_port(superd, "web"));
	superd_wait_log(superd, "web: warning: wants db, and starts without it: held");
	control_once("stop web");
	control_once("disable db");
	client_ask_pid(superd_port(superd, "web"));
	superd_wait_log(superd, "web: warning: wants db, and starts without it: disabled");
	superd_stop(superd);
}

/* db itself fails at that time: web goes on either way. */
Behaviour(wants, one_that_is_never_ready_has_its_timeout_start)
{
	struct superd *superd = run_both(text_of("%s exec_ready = \"/bin/false\" timeout_start = 10min "
						 "backoff_min = 5h backoff_max = 5h",
						 serving()),
					 "");
	int client = client_connect(superd_port(superd, "web"));

	client_send(client, "asked\n");
	superd_wait_log(superd, "db: started, pid ");
	clock_advance(superd, 9 * MINUTE_MS);
	cr_assert(is("web", "starting"), "%s", world_logs());
	clock_advance(superd, 62 * SECOND_MS);
	cr_assert(strstr(client_line(client), " asked"));
	close(client);
	superd_wait_log(superd, "web: warning: wants db, and starts without it: ");
	superd_stop(superd);
}

Behaviour(wants, it_keeps_the_other_awake)
{
	struct superd *superd = run_both(text_of("%s idle_timeout = 10min", serving()), "");

	client_ask_pid(superd_port(superd, "web"));
	pass_hours(superd);
	cr_assert(is("db", "running"), "%s", world_logs());
	expect_in(control_once("stop web"), "stopped");
	CLOCK_UNTIL(superd, MINUTE_MS, 20, superd_logged(superd, "db: stopping pid "));
	superd_stop(superd);
}

Behaviour(wants, one_that_is_idle_already_stays)
{
	struct superd *superd = run_both(text_of("%s idle_timeout = 10min", serving()), "");
	long pid = client_ask_pid(superd_port(superd, "db"));

	clock_advance(superd, 6 * MINUTE_MS);
	client_ask_pid(superd_port(superd, "web"));
	pass_hours(superd);
	cr_assert(is("db", "running"), "%s", world_logs());
	cr_expect_eq(client_ask_pid(superd_port(superd, "db")), pid);
	superd_stop(superd);
}

static void wait_frozen(struct superd *superd, const char *one, const char *other)
{
	CLOCK_UNTIL(superd, MINUTE_MS, 60, is(one, "frozen") && is(other, "frozen"));
}

Behaviour(wants, frozen_ones_are_thawed_together)
{
	struct superd *superd = run_both(text_of("%s idle_timeout = 10min idle_action = freeze", serving()),
					 "idle_timeout = 10min idle_action = freeze");
	int port = superd_port(superd, "web");
	long pid = client_ask_pid(port);

	wait_frozen(superd, "web", "db");
	cr_assert_eq(client_ask_pid(port), pid);
	superd_wait_log(superd, "db: ");
	WAIT_UNTIL(superd_log_count(superd, "db: pid ") > 0);
	expect_in(control_once("status db"), "\"wakes\":1");
	cr_expect(superd_logged(superd, ", by web, which wants it"));
	expect_in(control_once("why db"), "last thawed ");
	expect_in(control_once("status db"), "\"last_thaw\":{\"at\":");
	expect_in(control_once("status web"), "\"last_thaw\":null");
	wait_frozen(superd, "web", "db");
	superd_stop(superd);
}

Behaviour(wants, one_that_has_stopped_starts_again_with_a_thaw)
{
	struct superd *superd =
		run_both(text_of("%s idle_timeout = 10min", serving()), "idle_timeout = 10min idle_action = freeze");
	int port = superd_port(superd, "web");

	client_ask_pid(port);
	CLOCK_UNTIL(superd, MINUTE_MS, 60, is("web", "frozen") && is("db", "listening"));
	client_ask_pid(port);
	WAIT_UNTIL(superd_log_count(superd, "db: started, pid ") == 2);
	superd_stop(superd);
}

Behaviour(wants, two_may_want_each_other)
{
	struct superd *superd = controlled_run("defaults { timeout_start = 1h }\n"
					       "service a { listen = \"127.0.0.1:0\" exec = \"%s\" wants = { b } }\n"
					       "service b { listen = \"127.0.0.1:0\" exec = \"%s\" wants = { c } }\n"
					       "service c { listen = \"127.0.0.1:0\" exec = \"%s\" wants = { a } }\n",
					       backend("serve"), backend("serve"), backend("serve"));

	client_ask_pid(superd_port(superd, "b"));
	WAIT_UNTIL(is("a", "running") && is("b", "running") && is("c", "running"));
	superd_stop(superd);
}

/* Three that want each other in a ring. */
static struct superd *run_ring(const char *options)
{
	const char *serve = backend("serve");

	return controlled_clock_run("defaults { idle_timeout = 10min }\n"
				    "service a { listen = \"127.0.0.1:0\" exec = \"%s\" wants = { b } %s }\n"
				    "service b { listen = \"127.0.0.1:0\" exec = \"%s\" wants = { c } }\n"
				    "service c { listen = \"127.0.0.1:0\" exec = \"%s\" wants = { a } }\n",
				    serve, options, serve, serve);
}

static bool all_are(const char *expected)
{
	return is("a", expected) && is("b", expected) && is("c", expected);
}

Behaviour(wants, a_ring_sleeps_when_all_of_it_is_unused)
{
	struct superd *superd = run_ring("");
	int client = client_connect(superd_port(superd, "b"));

	client_send(client, "asked\n");
	cr_assert(strstr(client_line(client), " asked"));
	WAIT_UNTIL(all_are("running"));
	pass_hours(superd);
	cr_assert(all_are("running"), "%s", world_logs());
	expect_in(control_once("why a"), "b, which wants it, keeps it awake");
	expect_in(control_once("idle a"), "\"kept_awake\":{\"by\":\"b\"");
	close(client);
	CLOCK_UNTIL(superd, MINUTE_MS, 60, all_are("listening"));
	superd_expect_count(superd, "a: started, pid ", 1);
	superd_stop(superd);
}

Behaviour(wants, a_ring_freezes_and_thaws_together)
{
	struct superd *superd =
		controlled_clock_run("defaults { idle_timeout = 10min idle_action = freeze }\n"
				     "service a { listen = \"127.0.0.1:0\" exec = \"%s\" wants = { b } }\n"
				     "service b { listen = \"127.0.0.1:0\" exec = \"%s\" wants = { a } }\n",
				     backend("serve"), backend("serve"));
	int port = superd_port(superd, "a");
	long pid = client_ask_pid(port);

	wait_frozen(superd, "a", "b");
	superd_upgrade(superd);
	wait_frozen(superd, "a", "b");
	expect_in(control_once("status b"), "\"wakes\":0");
	cr_expect_eq(client_ask_pid(port), pid);
	WAIT_UNTIL(strstr(control_once("status b"), "\"wakes\":1"));
	wait_frozen(superd, "a", "b");
	superd_expect_count(superd, "b: started, pid ", 1);
	superd_stop(superd);
}

Behaviour(wants, one_that_never_sleeps_keeps_its_ring_awake)
{
	struct superd *superd = run_ring("idle_timeout = infinity");

	client_ask_pid(superd_port(superd, "b"));
	pass_hours(superd);
	cr_assert(all_are("running"), "%s", world_logs());
	expect_in(control_once("stop a"), "stopped");
	CLOCK_UNTIL(superd, MINUTE_MS, 60, is("b", "listening") && is("c", "listening"));
	superd_stop(superd);
}

/* Else the two would wait for each other until the place of a start is over. */
Behaviour(wants, who_waits_has_no_place_among_the_starts)
{
	const char *const arguments[] = { "--control", control_path(), "--max-starting", "1", NULL };
	const struct setup setup = { .arguments = arguments };
	struct superd *superd = superd_run_with(&setup,
						"service db { listen = \"127.0.0.1:0\" exec = \"%s\" }\n"
						"service web { listen = \"127.0.0.1:0\" exec = \"%s\" "
						"wants = { db } }\n",
						backend("serve"), backend("serve"));

	client_ask_pid(superd_port(superd, "web"));
	cr_expect(is("db", "running"));
	cr_expect_str_eq(control_value(control_once("metrics"), "delayed"), "0");
	superd_stop(superd);
}

Behaviour(wants, one_without_a_socket_is_started_too)
{
	const char *ran = path_in("ran");
	struct superd *superd = controlled_run("service once { start = manual type = oneshot "
					       "exec = \"/bin/sh -c 'echo >>%s'\" }\nservice web { "
					       "listen = \"127.0.0.1:0\" exec = \"%s\" wants = { once } }\n",
					       ran, backend("serve"));

	client_ask_pid(superd_port(superd, "web"));
	cr_expect_eq(count_lines(ran), 1);
	cr_expect_not(superd_logged(superd, "starts without"), "%s", world_logs());
	superd_stop(superd);
}

Behaviour(wants, a_stop_ends_the_wait)
{
	struct superd *superd = run_both(text_of("%s exec_ready = \"/bin/false\"", serving()), "");

	cr_assert(control_is_done(control_once("start --no-wait web")));
	WAIT_UNTIL(is("web", "starting") && is("db", "starting"));
	expect_in(control_once("stop web"), "stopped");
	WAIT_UNTIL(is("web", "listening"));
	cr_expect(is("db", "starting"));
	superd_stop(superd);
}

Behaviour(wants, a_shutdown_ends_the_wait)
{
	struct superd *superd = run_both(text_of("%s exec_ready = \"/bin/false\"", serving()), "");

	cr_assert(control_is_done(control_once("start --no-wait web")));
	WAIT_UNTIL(is("web", "starting") && is("db", "starting"));
	superd_stop(superd);
}

Behaviour(wants, the_wait_goes_on_over_an_upgrade)
{
	const char *gate = path_in("gate");
	struct superd *superd =
		run_both(text_of("%s idle_timeout = 10min exec_ready = \"/usr/bin/test -e %s\"", serving(), gate), "");
	int client = client_connect(superd_port(superd, "web"));

	client_send(client, "asked\n");
	WAIT_UNTIL(is("web", "starting") && is("db", "starting"));
	superd_wait_log(superd, "db: started, pid ");
	superd_upgrade(superd);
	pass_hours(superd);
	cr_assert(is("web", "starting"), "%s", world_logs());
	write_file("gate", "%s", "");
	cr_assert(strstr(client_line(client), " asked"));
	close(client);
	superd_upgrade(superd);
	pass_hours(superd);
	cr_assert(is("db", "running"), "%s", world_logs());
	superd_expect_count(superd, "db: started, pid ", 1);
	superd_stop(superd);
}

static const char *both_at(int db, int web, const char *options)
{
	return text_of("service db {\n listen = \"127.0.0.1:%d\"\n exec = \"%s\"\n"
		       " idle_timeout = 10min\n}\nservice web {\n listen = \"127.0.0.1:%d\"\n exec = \"%s\"\n %s\n}\n",
		       db, backend("serve"), web, backend("serve"), options);
}

Behaviour(wants, a_reload_changes_what_is_wanted)
{
	int db = free_port(), web = free_port();
	struct superd *superd = controlled_clock_run("%s", both_at(db, web, "wants = { db }"));

	superd_wait_log(superd, "web: listening");
	client_ask_pid(web);
	pass_hours(superd);
	cr_assert(is("db", "running"), "%s", world_logs());
	cr_assert(superd_reload(superd, "%s", both_at(db, web, "")));
	CLOCK_UNTIL(superd, MINUTE_MS, 20, superd_logged(superd, "db: stopping pid "));
	WAIT_UNTIL(is("db", "listening"));
	client_ask_pid(db);
	cr_assert(superd_reload(superd, "%s", both_at(db, web, "wants = { db }")));
	pass_hours(superd);
	cr_assert(is("db", "running"), "%s", world_logs());
	superd_stop(superd);
}

static void expect_refused(const char *wants, const char *what)
{
	const char *table = write_file("table", "service db { listen = \"127.0.0.1:1\" exec = \"/bin/true\" }\n"
				       "service each { listen = \"127.0.0.1:2\" exec = \"/bin/true\" accept = yes }\n"
				       "service web {\n listen = \"127.0.0.1:3\"\n exec = \"/bin/true\"\n %s\n}\n",
				       wants);
	struct outcome outcome = SUPERD_ANSWER("--check", "-f", table);

	cr_expect_neq(outcome.status, 0);
	expect_in(outcome.err, what);
	expect_in(outcome.err, ":6:");
}

Behaviour(wants, what_cannot_be_is_an_error_by_its_line)
{
	expect_refused("wants = { dbb }", "wants: the table has no service 'dbb'");
	expect_refused("wants = { dbb }", "did you mean 'db'?");
	expect_refused("wants = { web }", "a service cannot want itself");
	expect_refused("wants = { each }", "'each' has accept = yes");
	expect_refused("wants = { db } accept = yes", "wants needs accept = no");
}

/* A service of another pair in the same table; what is not there is told. */
static void expect_wanted_by(const char *key)
{
	const char *web = path_in("web.sock"), *db = path_in("db.sock");
	struct superd *superd;

	write_pair("db", text_of("ListenStream=%s", db), unit_backend("serve"));
	write_pair("web", text_of("ListenStream=%s", web), unit_backend("serve"));
	write_drop_in("web.service", "[Unit]\n%s=db.service network-online.target other.service\n", key);
	superd = units_run("web.socket", "db.socket", NULL);
	cr_assert(strstr(unit_ask(web, "asked\n"), " asked"));
	superd_wait_log(superd, "db: started, pid ");
	cr_expect(superd_logged(superd, ": there is no other.service to start"), "%s", world_logs());
	superd_stop(superd);
}

Behaviour(wants, units_want_services_of_the_same_table)
{
	expect_wanted_by("Wants");
}

Behaviour(wants, units_that_require_a_service_want_it)
{
	expect_wanted_by("Requires");
}

Behaviour(wants, units_that_are_bound_to_a_service_want_it)
{
	expect_wanted_by("BindsTo");
}

/* A server that cannot take sockets, and the one in front that requires it, as systemd-socket-proxyd(8) shows. Only the
 * socket is named. */
static struct superd *run_proxied(const char *back)
{
	write_file("back.service", "[Unit]\n%s[Service]\n%s\nUser=%s\n", back, unit_backend("serve"), own_user());
	write_pair("front", text_of("ListenStream=%s", path_in("front.sock")), unit_backend("take 1"));
	write_drop_in("front.service", "[Unit]\nRequires=back.service\nAfter=back.service network.target\n");
	return units_run("front.socket", NULL);
}

Behaviour(wants, a_required_unit_without_a_socket_is_read_along_and_stopped_again)
{
	struct superd *superd = run_proxied("StopWhenUnneeded=yes\n");

	for (size_t n = 1; n <= 2; n++) {
		cr_assert(strstr(unit_ask(path_in("front.sock"), "asked\n"), " asked"));
		superd_expect_count(superd, "back: started, pid ", n);
		superd_expect_count(superd, "back: stopping: no service wants it any more", n);
		WAIT_UNTIL(superd_log_count(superd, "back: pid ") >= n);
	}
	superd_stop(superd);
}

Behaviour(wants, a_required_unit_runs_on_where_it_may)
{
	struct superd *superd = run_proxied("");

	cr_assert(strstr(unit_ask(path_in("front.sock"), "asked\n"), " asked"));
	cr_assert(strstr(unit_ask(path_in("front.sock"), "asked\n"), " asked"));
	superd_expect_count(superd, "back: started, pid ", 1);
	cr_expect_not(superd_logged(superd, "no service wants it"));
	superd_stop(superd);
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
