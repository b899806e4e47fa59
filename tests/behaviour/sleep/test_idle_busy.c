/* Backends that work on when their last client has gone: nobody is connected, and superd neither stops nor freezes them
 * as long as a command says that they are busy (idle_unless). */
#include "controlling.h"
#include "superctl.h"

#define expect_in(text, what) \
	do { \
		const char *in_ = (text); \
		cr_expect_not_null(strstr(in_, (what)), "no %s in %s", (what), in_); \
	} while (0)

static struct superd *run_web(const char *exec, const char *options)
{
	return controlled_clock_run("service web { listen = \"127.0.0.1:0\" exec = \"%s\" idle_timeout = 5min "
				    "timeout_stop = 1h\n %s }\n",
				    exec, options);
}

static bool is_stopped(struct superd *superd)
{
	return superd_logged(superd, "web: stopping pid ");
}

/* Several times the five minutes; a command has some of the steps. */
static void expect_awake(struct superd *superd)
{
	for (int n = 0; n < 20; n++) {
		clock_advance(superd, MINUTE_MS);
		cr_assert_not(is_stopped(superd), "after %d minutes\n%s", n + 1, world_logs());
	}
}

static void wait_for_stop(struct superd *superd)
{
	CLOCK_UNTIL(superd, MINUTE_MS, 20, is_stopped(superd));
}

Behaviour(idle_busy, a_command_keeps_awake_as_long_as_it_says_so)
{
	const char *mark = write_file("busy", "%s", ""), *asked = path_in("asked");
	struct superd *superd = run_web(backend("serve"), text_of("idle_unless = \"/bin/sh -c 'echo $MAINPID >>%s; "
								  "test -e %s'\"", asked, mark));
	long pid = client_ask_pid(superd_port(superd, "web"));

	CLOCK_UNTIL(superd, MINUTE_MS, 20,
		    superd_logged(superd, "keeps running without clients: idle_unless reports it"));
	CLOCK_UNTIL(superd, MINUTE_MS, 20, count_lines(asked) >= 3);
	cr_assert_not(is_stopped(superd));
	cr_assert_eq(strtol(read_text(asked), NULL, 10), pid);
	expect_in(control_once("status web"), "\"standing\":\"busy\"");
	expect_in(why_of("web"), "not idle: idle_unless reports it");
	cr_assert_eq(client_ask_pid(superd_port(superd, "web")), pid);
	unlink(mark);
	wait_for_stop(superd);
	cr_assert_eq(superd_log_count(superd, "keeps running without clients"), 1, "it is said once in a row");
}

Behaviour(idle_busy, a_command_is_asked_before_a_freeze_too)
{
	const char *mark = write_file("busy", "%s", "");
	struct superd *superd = run_web(backend("serve"), text_of("idle_action = freeze\n idle_unless = "
								  "\"/usr/bin/test -e %s\"", mark));

	client_ask_pid(superd_port(superd, "web"));
	CLOCK_UNTIL(superd, MINUTE_MS, 20, superd_logged(superd, "idle_unless reports it"));
	for (int n = 0; n < 20; n++) {
		clock_advance(superd, MINUTE_MS);
		cr_assert_str_eq(control_value(control_once("list web"), "state"), "running", "%s", world_logs());
	}
	unlink(mark);
	CLOCK_UNTIL(superd, MINUTE_MS, 20, !strcmp(control_value(control_once("list web"), "state"), "frozen"));
}

static void expect_no_answer(const char *command, const char *options, const char *why)
{
	struct superd *superd = run_web(backend("serve"), text_of("%s idle_unless = \"%s\"", options, command));

	client_ask_pid(superd_port(superd, "web"));
	CLOCK_UNTIL(superd, MINUTE_MS, 20, superd_logged(superd, why));
	expect_awake(superd);
	superd_expect_count(superd, ": the service counts as busy", 1);
	superd_stop(superd);
}

Behaviour(idle_busy, what_is_no_answer_counts_as_busy_and_is_said_once)
{
	expect_no_answer("/bin/sh -c 'exit 127'", "", "exit status 127: the service counts as busy");
}

Behaviour(idle_busy, a_command_that_hangs_is_no_answer)
{
	expect_no_answer("/bin/sleep 1000", "timeout_start = 1min",
			 "it was not done in time: the service counts as busy");
}

Behaviour(idle_busy, a_program_that_is_none_is_no_answer)
{
	expect_no_answer(write_file("script", "%s", "no program"), "", ": the service counts as busy");
}

Behaviour(idle_busy, a_client_who_comes_while_it_is_asked_is_served)
{
	const char *asked = path_in("asked"), *gate = path_in("gate"), *done = path_in("done");
	const char *options = text_of("idle_unless = \"/bin/sh -c ': >%s; until test -e %s; do sleep .02; done; "
				      ": >%s; exit 1'\"",
				      asked, gate, done);
	struct superd *superd = run_web(backend("talk"), options);
	int client = client_connect(superd_port(superd, "web"));

	client_send(client, "first\n");
	client_line(client);
	close(client);
	CLOCK_UNTIL(superd, MINUTE_MS, 20, read_text(asked));
	client = client_connect(superd_port(superd, "web"));
	client_send(client, "second\n");
	client_line(client);
	write_file("gate", "%s", "");
	WAIT_UNTIL(read_text(done));
	expect_awake(superd);
	cr_assert_not(superd_logged(superd, "counts as busy"), "%s", world_logs());
	close(client);
	wait_for_stop(superd);
}

Behaviour(idle_busy, a_stop_does_not_wait_for_the_command)
{
	const char *asked = path_in("asked");
	const char *options = text_of("idle_unless = \"/bin/sh -c ': >%s; exec sleep 1000'\"", asked);
	struct superd *superd = run_web(backend("serve"), options);

	client_ask_pid(superd_port(superd, "web"));
	CLOCK_UNTIL(superd, MINUTE_MS, 20, read_text(asked));
	expect_in(superctl_order("stop web"), "stopped");
	WAIT_UNTIL(superd_processes(superd) == 0);
}

Behaviour(idle_busy, an_upgrade_ends_the_command)
{
	const char *path = path_in("pid");
	const char *options = text_of("idle_unless = \"/bin/sh -c 'echo $$ >%s; exec sleep 1000'\"", path);
	struct superd *superd = run_web(backend("serve"), options);
	pid_t command;

	client_ask_pid(superd_port(superd, "web"));
	CLOCK_UNTIL(superd, MINUTE_MS, 20, count_lines(path));
	command = (pid_t)strtol(read_text(path), NULL, 10);
	cr_assert(process_lives(command));
	superd_upgrade(superd);
	WAIT_UNTIL(!process_lives(command));
}

Behaviour(idle_busy, an_upgrade_asks_again)
{
	const char *asked = path_in("asked"), *mark = write_file("busy", "%s", "");
	const char *options = text_of("idle_unless = \"/bin/sh -c 'echo >>%s; test -e %s'\"", asked, mark);
	struct superd *superd = run_web(backend("serve"), options);
	size_t before;

	client_ask_pid(superd_port(superd, "web"));
	CLOCK_UNTIL(superd, MINUTE_MS, 20, count_lines(asked) >= 1);
	before = count_lines(asked);
	superd_upgrade(superd);
	CLOCK_UNTIL(superd, MINUTE_MS, 20, count_lines(asked) > before);
	superd_wait_log(superd, "idle_unless reports it");
	cr_assert_not(is_stopped(superd));
	unlink(mark);
	wait_for_stop(superd);
}
