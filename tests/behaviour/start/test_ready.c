/* Backends that say nothing of their readiness: a line of their output tells it (ready), or a command that superd asks
 * again and again (exec_ready). */
#include "controlling.h"
#include "superctl.h"

#define expect_in(text, what) \
	do { \
		const char *in_ = (text); \
		cr_expect_not_null(strstr(in_, (what)), "no %s in %s", (what), in_); \
	} while (0)

/* A backend that waits for a file named by `gate` and prints a line before it serves. */
static const char *slow_backend(const char *gate, const char *line)
{
	return text_of("exec = { \"/bin/sh\", \"-c\", \"echo begun; until test -e %s; do sleep .02; done; echo %s; "
		       "exec %s\" }", gate, line, backend("serve"));
}

static const char *state(void)
{
	return control_value(control_once("list web"), "state");
}

Behaviour(ready, a_line_of_its_output_tells_that_it_serves)
{
	const char *gate = path_in("gate");
	struct superd *superd = controlled_clock_run("service web {\n listen = \"127.0.0.1:0\"\n %s\n"
						     " ready = \"ready to accept\"\n timeout_start = 12h\n}\n",
						     slow_backend(gate, "12:00 LOG: ready to accept connections"));
	int client = client_connect(superd_port(superd, "web"));

	client_send(client, "asked\n");
	superd_wait_log(superd, "begun");
	for (int n = 0; n < 3; n++)
		clock_advance_beside(superd, HOUR_MS);
	cr_assert_str_eq(state(), "starting");
	expect_in(why_of("web"), "it has printed no line with \"ready to accept\"");
	expect_in(control_once("status web"), "\"waits_for\":\"it has printed no line with");
	expect_in(superctl_order("freeze web"), "it is starting: it can be frozen when it is ready");
	write_file("gate", "%s", "");
	WAIT_UNTIL(!strcmp(state(), "running"));
	cr_assert(strstr(client_line(client), " asked"));
	cr_assert_not(strstr(control_once("status web"), "waits_for"));
	/* superd looks for it after ever longer pauses. */
	CLOCK_UNTIL(superd, 10 * MINUTE_MS, 10, strstr(why_of("web"), ", ready after "));
	close(client);
}

Behaviour(ready, a_start_under_way_is_not_ready_after_the_time_of_the_one_before)
{
	const char *gate = write_file("gate", "%s", "");
	struct superd *superd = controlled_run("service web {\n listen = \"127.0.0.1:0\"\n %s\n ready = \"now\"\n"
					       " timeout_stop = 1s\n}\n", slow_backend(gate, "now"));

	expect_in(superctl_order("start web"), "started, pid ");
	expect_in(why_of("web"), ", ready after ");
	unlink(gate);
	control_once("stop web");
	control_once("start --no-wait web");
	WAIT_UNTIL(superd_log_count(superd, "web: started, pid ") == 2);
	cr_expect_null(strstr(why_of("web"), ", ready after "), "%s", why_of("web"));
	expect_in(control_once("status web"), "\"latency\":null}");
	expect_in(superctl_order("freeze web"), "it is starting: it can be frozen when it is ready");
}

Behaviour(ready, superctl_start_waits_for_the_line_on_stderr)
{
	const char *gate = write_file("gate", "%s", "");
	struct superd *superd = controlled_run("service web {\n listen = \"127.0.0.1:0\"\n %s\n output = null\n"
					       " error = log\n ready = \"now\"\n}\n",
					       slow_backend(gate, "it serves now >&2"));

	expect_in(superctl_order("start web"), "started, pid ");
	superd_wait_log(superd, "it serves now"); /* superd-output tells superd of it before it is in the log */
}

Behaviour(ready, without_the_line_the_start_fails_by_timeout_start_and_says_why)
{
	struct superd *superd = clock_run("service web {\n listen = \"127.0.0.1:0\"\n %s\n ready = \"ready\"\n"
					  " timeout_start = 10min\n}\n",
					  slow_backend(path_in("gate"), "never"));
	int client = client_connect(superd_port(superd, "web"));

	superd_wait_log(superd, "begun");
	clock_advance_beside(superd, 9 * MINUTE_MS);
	cr_assert_not(superd_logged(superd, "timeout_start"), "%s", world_logs());
	clock_advance_beside(superd, 62 * SECOND_MS);
	superd_wait_log(superd, "it was not ready within timeout_start: it has printed no line with \"ready\" (");
	superd_wait_log(superd, "next start in ");
	close(client);
}

Behaviour(ready, an_end_before_it_is_a_failure_however_good)
{
	struct superd *superd = superd_run("service web { listen = \"127.0.0.1:0\" exec = \"/bin/echo no\" "
					   "ready = \"ready\" }");
	int client = client_connect(superd_port(superd, "web"));

	superd_wait_log(superd, "it ended with exit status 0, and was not ready yet");
	close(client);
}

/* superd reads the line before it judges the end, also where the end comes first. It is no root here, so that it reads
 * the pipe itself. */
Behaviour(ready, an_end_right_behind_the_line_is_none)
{
	const struct setup setup = { .uid = geteuid() ? 0 : 54321, .clock = true };
	struct superd *superd;

	SKIP_WITHOUT(!setup.uid || namespace_users(), "needs a build that every user can reach");
	superd = superd_run_with(&setup, "service web {\n start = boot\n restart = no\n ready = \"ready\"\n"
					 " exec = \"/bin/echo ready\"\n}\n");
	superd_wait_log(superd, "ended: exit status 0");
	clock_settle(superd);
	cr_expect_not(superd_logged(superd, "was not ready yet"), "%s", world_logs());
	cr_expect_not(superd_logged(superd, "next start in"), "%s", world_logs());
}

Behaviour(ready, what_the_backend_before_has_printed_does_not_count)
{
	const char *mark = path_in("mark");
	struct superd *superd = clock_run("service web {\n listen = \"127.0.0.1:0\"\n ready = \"ready\"\n"
					  " timeout_start = 10min\n exec = { \"/bin/sh\", \"-c\", "
					  "\"test -e %s && exec sleep 1000; : >%s; echo ready; exec %s\" }\n}\n",
					  mark, mark, backend("few 1"));
	int port = superd_port(superd, "web"), client;

	client_ask(port, "first\n");
	superd_wait_log(superd, "ended: ");
	client = client_connect(port);
	superd_wait_log(superd, "web: started, pid ");
	clock_advance(superd, 601 * SECOND_MS);
	superd_wait_log(superd, "it was not ready within timeout_start");
	close(client);
}

Behaviour(ready, a_command_is_asked_until_it_succeeds)
{
	const char *gate = path_in("gate"), *count = path_in("count");
	struct superd *superd =
		controlled_clock_run("service web {\n listen = \"127.0.0.1:0\"\n exec = \"%s\"\n timeout_start = 12h\n"
				     " exec_ready = { \"/bin/sh -c 'echo $MAINPID >>%s; test -e %s'\" }\n}\n",
				     backend("serve"), count, gate);
	static const int pauses[] = { 100, 200, 400 }; /* milliseconds; ever longer */
	const char *lines;

	clock_hold();
	cr_assert(control_is_done(control_once("start --no-wait web")));
	CLOCK_UNTIL(superd, 1, 5, count_lines(count) == 1);     /* no timer is due while no time passes */
	for (size_t n = 0; n < 3; n++) {
		clock_advance(superd, pauses[n] - 10);
		cr_assert_eq(count_lines(count), n + 1);
		clock_advance(superd, 20);
		WAIT_UNTIL(count_lines(count) == n + 2);
	}
	cr_assert_str_eq(state(), "starting");
	expect_in(why_of("web"), "exec_ready: /bin/sh -c");
	expect_in(why_of("web"), "exit status 1, run ");
	write_file("gate", "%s", "");
	CLOCK_UNTIL(superd, SECOND_MS, 3, !strcmp(state(), "running"));
	lines = read_text(count);
	cr_assert(!strncmp(lines, control_value(control_once("status web"), "pid"), 2), "%s", lines);
	for (int n = 0; n < 3; n++)
		clock_advance(superd, HOUR_MS);
	cr_assert_str_eq(lines, read_text(count));
}

Behaviour(ready, a_command_that_cannot_be_run_is_named_by_the_failure)
{
	struct superd *superd = clock_run("service web {\n listen = \"127.0.0.1:0\"\n exec = \"%s\"\n"
					  " timeout_start = 10min\n exec_ready = \"%s\"\n}\n",
					  backend("serve"), write_file("script", "%s", "no program"));
	int client = client_connect(superd_port(superd, "web"));

	superd_wait_log(superd, "web: started, pid ");
	clock_advance(superd, 9 * MINUTE_MS);
	cr_assert_not(superd_logged(superd, "timeout_start"), "%s", world_logs());
	clock_advance(superd, 62 * SECOND_MS);
	superd_wait_log(superd, "it was not ready within timeout_start: exec_ready: ");
	superd_wait_log(superd, "run ");
	close(client);
}

Behaviour(ready, a_stop_ends_the_command_that_is_asked)
{
	const char *mark = path_in("mark");
	struct superd *superd = controlled_run("service web {\n listen = \"127.0.0.1:0\"\n exec = \"%s\"\n"
					       " exec_ready = \"/bin/sh -c ': >%s; exec sleep 100'\"\n}\n",
					       backend("serve"), mark);

	cr_assert(control_is_done(control_once("start --no-wait web")));
	WAIT_UNTIL(read_text(mark));
	expect_in(superctl_order("stop web"), "stopped");
	WAIT_UNTIL(superd_processes(superd) == 0);
}

Behaviour(ready, commands_around_the_start_keep_their_order)
{
	const char *order = path_in("order");
	struct superd *superd = controlled_run("service web {\n listen = \"127.0.0.1:0\"\n exec = \"%s\"\n"
					       " exec_start_pre = \"/bin/sh -c 'echo pre >>%s'\"\n"
					       " exec_ready = \"/bin/sh -c 'echo ready >>%s'\"\n"
					       " exec_start_post = \"/bin/sh -c 'echo post >>%s'\"\n}\n",
					       backend("serve"), order, order, order);

	expect_in(superctl_order("start web"), "started, pid ");
	cr_assert_str_eq(read_text(order), "pre\nready\npost\n");
	superd_stop(superd);
}

static void expect_ready_behind_an_upgrade(const char *options, const char *exec, const char *gate)
{
	struct superd *superd = controlled_run("service web {\n listen = \"127.0.0.1:0\"\n %s\n %s\n}\n", exec,
					       options);
	int client = client_connect(superd_port(superd, "web"));
	long pid;

	WAIT_UNTIL(!strcmp(state(), "starting") && superd_processes(superd) > 0);
	superd_wait_log(superd, "web: started, pid ");
	pid = strtol(control_value(control_once("status web"), "pid"), NULL, 10);
	superd_upgrade(superd);
	cr_assert_str_eq(state(), "starting");
	write_file(strrchr(gate, '/') + 1, "%s", "");
	WAIT_UNTIL(!strcmp(state(), "running"));
	client_send(client, "over\n");
	cr_assert(strstr(client_line(client), " over"));
	cr_assert_eq(pid, strtol(control_value(control_once("status web"), "pid"), NULL, 10));
	close(client);
	superd_stop(superd);
}

Behaviour(ready, the_line_may_come_behind_an_upgrade)
{
	const char *gate = path_in("gate");

	expect_ready_behind_an_upgrade("ready = \"ready\"", slow_backend(gate, "ready"), gate);
}

Behaviour(ready, the_command_is_asked_behind_an_upgrade_too)
{
	const char *gate = path_in("gate");

	expect_ready_behind_an_upgrade(text_of("exec_ready = \"/bin/sh -c 'test -e %s'\"", gate),
				       text_of("exec = \"%s\"", backend("serve")), gate);
}

Behaviour(ready, a_program_that_ends_while_the_command_runs_has_failed)
{
	struct superd *superd =
		controlled_run("service web {\n listen = \"127.0.0.1:0\"\n exec = \"/bin/sh -c 'sleep .2; exit 3'\"\n"
			       " exec_ready = \"/bin/sleep 1000\"\n backoff_max = 100ms\n}\n");
	int client = client_connect(superd_port(superd, "web"));

	WAIT_UNTIL(superd_log_count(superd, "it ended with exit status 3, and was not ready yet") >= 2);
	cr_expect_not(superd_logged(superd, "restarted it"), "%s", world_logs());
	close(client);
	superd_stop(superd);
}
