/* superctl idle: the times without clients that superd has seen, and what another idle_timeout would make of them. */
#include "controlling.h"
#include "superctl.h"

#define expect_in(text, what) \
	do { \
		const char *in_ = (text); \
		cr_expect_not_null(strstr(in_, (what)), "no %s in %s", (what), in_); \
	} while (0)

static struct superd *run_web(const char *options)
{
	return controlled_run("service web { listen = \"127.0.0.1:0\" exec = \"%s\" timeout_stop = 1s\n %s }\n",
			      backend("serve"), options);
}

Behaviour(idle_gaps, what_is_not_measured_says_why)
{
	struct superd *superd = controlled_run("service a { listen = \"127.0.0.1:0\" exec = \"%s\" accept = yes }\n"
					       "service b { listen = \"127.0.0.1:0\" exec = \"%s\" }\n"
					       "service c { listen = \"127.0.0.1:0\" exec = \"%s\" "
					       "idle_timeout = 1h }\n",
					       backend("serve"), backend("serve"), backend("serve"));
	const char *answer, *table;

	superd_wait_log(superd, "c: listening on ");
	close(control_connect());
	answer = SUPERCTL(control_path(), "--json", "idle").out;
	expect_in(answer, "\"why\":\"accept\"");
	expect_in(answer, "\"why\":\"no-timeout\"");
	expect_in(answer, "\"why\":\"never-ran\"");
	cr_expect(schema_holds("gaps", answer));
	table = SUPERCTL(control_path(), "idle", "b").out;
	expect_in(table, "not measured: set idle_timeout, with idle_action = report to look only");
	expect_in(SUPERCTL(control_path(), "idle", "a").out, "accept = yes: no instance runs without a client");
	expect_in(SUPERCTL(control_path(), "idle").out, "\nnever started: c\n");
	cr_expect_str_eq(SUPERCTL(control_path(), "idle", "c").out, "never started: c\n");
}

Behaviour(idle_gaps, a_service_that_only_reports_is_measured)
{
	struct superd *superd = run_web("idle_timeout = 200ms idle_action = report");
	const char *answer, *table;

	client_ask_pid(superd_port(superd, "web"));
	superd_wait_log(superd, "would stop pid ");
	answer = SUPERCTL(control_path(), "--json", "idle", "web").out;
	cr_expect(schema_holds("gaps", answer));
	expect_in(answer, "\"why\":null");
	expect_in(answer, "\"timeout\":30");
	expect_in(answer, "\"at_least\":false");
	expect_in(answer, "\"memory\":");
	cr_expect_gt(strtol(control_value(control_once("idle web"), "memory"), NULL, 10), 10000);
	table = SUPERCTL(control_path(), "idle").out;
	expect_in(table, "IDLE_TIMEOUT");
	expect_in(table, "5 min");
	expect_in(table, "0 %");
}

Behaviour(idle_gaps, what_is_shorter_than_its_own_timeout_is_the_least)
{
	struct superd *superd = run_web("idle_timeout = 10min");
	const char *answer;

	client_ask_pid(superd_port(superd, "web"));
	WAIT_UNTIL(strstr(control_once("idle web"), "\"why\":null"));
	answer = control_once("idle web");
	expect_in(answer, "\"timeout\":300.000000,\"at_least\":true");
	expect_in(answer, "\"timeout\":3600.000000,\"at_least\":false");
	expect_in(SUPERCTL(control_path(), "idle").out, ">=0 %");
}

Behaviour(idle_gaps, what_was_measured_goes_through_an_upgrade)
{
	struct superd *superd = run_web("idle_timeout = 200ms");
	double before, behind;

	client_ask_pid(superd_port(superd, "web"));
	superd_wait_log(superd, "web: stopping pid ");
	superd_wait_log(superd, "ended");
	before = strtod(control_value(control_once("idle web"), "measured"), NULL);
	superd_upgrade(superd);
	behind = strtod(control_value(control_once("idle web"), "measured"), NULL);
	cr_expect_gt(before, 0.2);
	cr_expect_geq(behind, before);
}

static const char *saved_by(const char *options, const char *saved)
{
	struct superd *superd = run_web(options);
	int port = superd_port(superd, "web");
	const char *answer;

	client_ask_pid(port);
	WAIT_UNTIL(!strcmp(control_value(control_once("list web"), "state"), "frozen"));
	expect_in(SUPERCTL(control_path(), "idle").out, "start: ");
	expect_in(control_once("idle web"), "\"thaw_latency\":null");
	client_ask_pid(port);
	WAIT_UNTIL(strstr(SUPERCTL(control_path(), "idle").out, ", thaw: "));
	answer = SUPERCTL(control_path(), "--json", "idle", "web").out;
	cr_expect(schema_holds("gaps", answer));
	expect_in(answer, saved);
	answer = SUPERCTL(control_path(), "idle").out;
	superd_stop(superd);
	return answer;
}

/* A frozen backend keeps its memory, and a thaw takes less than a start. */
Behaviour(idle_gaps, a_freeze_saves_no_memory_and_its_wakes_are_thaws)
{
	expect_in(saved_by("idle_timeout = 200ms idle_action = freeze", "\"saved\":0"),
		  "idle_action = freeze keeps its memory");
}

Behaviour(idle_gaps, what_is_handed_back_is_not_measured)
{
	expect_in(saved_by("idle_timeout = 200ms idle_action = freeze freeze_reclaim = yes", "\"saved\":null"),
		  "the memory that freeze_reclaim frees is not measured");
}

Behaviour(idle_gaps, one_that_ran_without_an_idle_timeout_says_so)
{
	int port = free_port();
	const char *table = text_of("service web { listen = \"127.0.0.1:%d\" exec = \"%s\" timeout_stop = 1s",
				    port, backend("serve"));
	struct superd *superd = controlled_run("%s }\n", table);

	superd_wait_log(superd, "web: listening on ");
	client_ask_pid(port);
	expect_in(superctl_order("stop web"), "stopped");
	cr_assert(superd_reload(superd, "%s idle_timeout = 1h }\n", table));
	expect_in(SUPERCTL(control_path(), "idle").out, "it has not run with an idle_timeout yet");
}

/* The first line is that of its own idle_timeout. It saves its memory from the moment it sleeps. */
Behaviour(idle_gaps, what_a_sleep_saves_is_counted_now_and_so_far)
{
	struct superd *superd = run_web("idle_timeout = 200ms");
	const char *answer, *table;

	client_ask_pid(superd_port(superd, "web"));
	superd_wait_log(superd, "web: stopping pid ");
	WAIT_UNTIL(!strcmp(control_value(control_once("list web"), "state"), "listening"));
	answer = SUPERCTL(control_path(), "--json", "idle", "web").out;
	cr_expect(schema_holds("gaps", answer));
	cr_expect_gt(strtol(control_value(answer, "saves_now"), NULL, 10), 10000, "%s", answer);
	expect_in(answer, "\"own\":{\"timeout\":0.200000,\"known_for\":");
	table = SUPERCTL(control_path(), "idle").out;
	expect_in(table, "  own 200 ms  ");
	cr_expect_lt(strstr(table, "own 200 ms"), strstr(table, " 5 min "), "%s", table);
	expect_in(table, "SAVES NOW");
}
