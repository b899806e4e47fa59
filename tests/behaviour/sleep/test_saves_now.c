/* What a sleep saves: the memory that the program had when it was last idle. The status page adds it up. */
#include "controlling.h"
#include "superctl.h"

static struct superd *run_web(const char *options)
{
	return controlled_run("service web { listen = \"127.0.0.1:0\" exec = \"%s\" timeout_stop = 1s\n %s }\n",
			      backend("serve"), options);
}

static bool is_in(const char *state)
{
	return !strcmp(control_value(control_once("list web"), "state"), state);
}

static long saved_now(void)
{
	return strtol(control_value(control_once("status web"), "saves_now"), NULL, 10);
}

Behaviour(saves_now, a_service_that_is_stopped_for_idle_timeout_saves_its_memory)
{
	struct superd *superd = run_web("idle_timeout = 200ms");

	superd_port(superd, "web");
	cr_expect_eq(saved_now(), 0);
	client_ask_pid(superd_port(superd, "web"));
	superd_wait_log(superd, "web: stopping pid ");
	WAIT_UNTIL(is_in("listening"));
	cr_expect_gt(saved_now(), 10000);
	cr_expect(schema_holds("metrics", control_once("metrics web")));
}

Behaviour(saves_now, a_freeze_saves_no_memory)
{
	struct superd *superd = run_web("idle_timeout = 200ms idle_action = freeze");

	client_ask_pid(superd_port(superd, "web"));
	WAIT_UNTIL(is_in("frozen"));
	cr_expect_eq(saved_now(), 0);
}

Behaviour(saves_now, one_that_an_operator_stops_without_an_idle_timeout_saves_nothing)
{
	struct superd *superd = run_web("");

	client_ask_pid(superd_port(superd, "web"));
	cr_expect(control_is_done(control_once("stop web")));
	cr_expect_eq(saved_now(), 0);
}
