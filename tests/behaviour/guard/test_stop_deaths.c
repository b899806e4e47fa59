/* A stop goes on when superd is killed or upgraded, in each of its phases, and so does a drain. The clients that the
 * instance has stay, each command runs once, and the stop ends. Its time limits go on. */
#include "controlling.h"
#include "guarding.h"
#include "harness.h"
#include "superctl.h"

#define WEB "service web {\n listen = \"127.0.0.1:0\"\n exec = \"%s\"\n timeout_stop = 1h\n%s\n}\n"

typedef void way(struct superd *superd);        /* into the middle of a phase */

/* A command that notes that it runs, and then waits for a file. */
static const char *slow_command(const char *name)
{
	return text_of("/bin/sh -c 'echo %s >>%s; while ! test -e %s; do sleep 0.02; done'", name, path_in("diary"),
		       path_in("go"));
}

static const char *command(const char *name)
{
	return text_of("/bin/sh -c 'echo %s >>%s'", name, path_in("diary"));
}

/* superd knows that, too: what it does in a turn of its loop is saved at the end, and an answer is one of a later turn.
 * A command that it had just started when it was killed would run again. */
static bool has_noted(const char *text)
{
	const char *diary = read_text(path_in("diary"));

	return diary && !strcmp(diary, text) && control_once("status web");
}

static void order(const char *text)
{
	const char *answer = control_once("%s", text);

	cr_assert(control_is_done(answer), "%s: %s\n%s", text, answer, world_logs());
}

static bool is_being_let_go(void)
{
	return strstr(control_once("status web"), "\"standing\":\"letting-go\"");
}

static long ask(int client, const char *text)
{
	client_send(client, text);
	return strtol(client_line(client), NULL, 10);
}

static struct superd *run(const char *program, const char *options)
{
	return guarded_clock_run(WEB, program, options);
}

/* Another instance serves from now on. */
static void expect_another(struct superd *superd, long first)
{
	int client = client_connect(superd_port(superd, "web"));
	long pid = ask(client, "new\n");

	cr_expect(pid > 0 && pid != first, "%s", world_logs());
	close(client);
}

static void expect_end(struct superd *superd, long first)
{
	CLOCK_UNTIL(superd, SECOND_MS, 10, !process_lives((pid_t)first));
	expect_another(superd, first);
	cr_expect_not(superd_logged(superd, "bug of superd"), "%s", world_logs());
	order("stop --no-wait web");
	clock_stop(superd, 2 * HOUR_MS);
}

/* ---- it seems idle ---- */

static struct superd *run_idle(long *first)
{
	struct superd *superd = run(backend("talk"), "idle_timeout = 10min");
	int client = client_connect(superd_port(superd, "web"));

	*first = ask(client, "one\n");
	close(client);
	clock_hold();
	CLOCK_UNTIL(superd, MINUTE_MS, 30, is_being_let_go());
	return superd;
}

static long answer_by(struct superd *superd, int client)
{
	CLOCK_UNTIL(superd, 100, 60, !client_is_quiet(client, 0));
	return strtol(client_line(client), NULL, 10);
}

/* Nothing was done yet. */
static void is_being_frozen(way *interrupt)
{
	long first;
	struct superd *superd = run_idle(&first);
	int client;

	interrupt(superd);
	client = client_connect(superd_port(superd, "web"));
	client_send(client, "two\n");
	cr_expect_eq(answer_by(superd, client), first, "%s", world_logs());
	close(client);
	clock_go_on();
	CLOCK_UNTIL(superd, MINUTE_MS, 30, !process_lives((pid_t)first));
	expect_end(superd, first);
}

Behaviour(stop_deaths, is_being_frozen_and_is_killed)
{
	is_being_frozen(guarded_kill);
}

/* While something is still under way, superd looks again after a moment, by the clock that is held. */
static void upgrade_by_steps(struct superd *superd)
{
	size_t before = superd_log_count(superd, ": upgraded from ");

	superd_signal(superd, SIGUSR2);
	CLOCK_UNTIL(superd, 100, 60, superd_log_count(superd, ": upgraded from ") > before);
}

Behaviour(stop_deaths, is_being_frozen_and_is_upgraded)
{
	is_being_frozen(upgrade_by_steps);
}

/* ---- it serves its clients ---- */

/* A drain holds the service, waits until nobody is connected, stops the instance and releases the service. */
static void serves_its_clients_to_the_end(way *interrupt)
{
	struct superd *superd = run(backend("talk"), "");
	int old = client_connect(superd_port(superd, "web"));
	long first = ask(old, "one\n");

	order("drain --no-wait web");
	interrupt(superd);
	cr_expect_eq(ask(old, "two\n"), first, "%s", world_logs());
	clock_advance(superd, 30 * MINUTE_MS);
	cr_expect(process_lives((pid_t)first), "%s", world_logs());
	cr_expect_str_eq(control_value(control_once("status web"), "held"), "true");
	close(old);
	CLOCK_UNTIL(superd, 20 * SECOND_MS, 10, !process_lives((pid_t)first));
	superd_wait_log(superd, "it is drained");
	expect_end(superd, first);
}

Behaviour(stop_deaths, serves_its_clients_to_the_end_and_is_killed)
{
	serves_its_clients_to_the_end(guarded_kill);
}

Behaviour(stop_deaths, serves_its_clients_to_the_end_and_is_upgraded)
{
	serves_its_clients_to_the_end(superd_upgrade);
}

/* A drain of what is still starting. */
static void has_to_be_ready(way *interrupt)
{
	struct superd *superd = run(backend("talk"), text_of("timeout_start = 1h\n exec_start_post = \"%s\"",
							     slow_command("post")));
	int client = client_connect(superd_port(superd, "web"));
	long first = ask(client, "one\n");

	WAIT_UNTIL(has_noted("post\n"));
	order("drain --no-wait web");
	interrupt(superd);
	cr_expect_eq(ask(client, "two\n"), first, "%s", world_logs());
	write_file("go", "%s", "");
	close(client);
	CLOCK_UNTIL(superd, 20 * SECOND_MS, 10, !process_lives((pid_t)first));
	cr_expect(has_noted("post\n"), "%s", read_text(path_in("diary")));
	expect_end(superd, first);
}

Behaviour(stop_deaths, has_to_be_ready_and_is_killed)
{
	has_to_be_ready(guarded_kill);
}

Behaviour(stop_deaths, has_to_be_ready_and_is_upgraded)
{
	has_to_be_ready(superd_upgrade);
}

/* With on_remove = finish it outlives its entry. */
static void rests_without_an_entry(way *interrupt)
{
	static const char other[] = "service other { listen = \"127.0.0.1:0\" exec = \"/bin/cat\" accept = yes }\n";
	struct superd *superd = guarded_clock_run("%sservice web { listen = \"udp:127.0.0.1:0\"\n"
						  " exec = \"/bin/sleep 1000\" on_remove = finish }\n", other);
	long first;

	superd_port(superd, "web");
	order("start web");
	first = strtol(control_value(control_once("status web"), "pid"), NULL, 10);
	cr_assert(superd_reload(superd, "%s", other));
	superd_wait_log(superd, "web: removed; ");
	interrupt(superd);
	clock_advance(superd, 2 * HOUR_MS);
	cr_expect(process_lives((pid_t)first), "%s", world_logs());
	cr_expect_eq(strtol(control_value(control_once("status web"), "pid"), NULL, 10), first);
	order("stop --no-wait web");
	CLOCK_UNTIL(superd, SECOND_MS, 10, !process_lives((pid_t)first));
	superd_stop(superd);
}

Behaviour(stop_deaths, rests_without_an_entry_and_is_killed)
{
	rests_without_an_entry(guarded_kill);
}

Behaviour(stop_deaths, rests_without_an_entry_and_is_upgraded)
{
	rests_without_an_entry(superd_upgrade);
}

/* ---- it ends ---- */

static long begin_end(struct superd *superd, const char *ordered)
{
	int client = client_connect(superd_port(superd, "web"));
	long first = ask(client, "one\n");

	close(client);
	order(ordered);
	return first;
}

static void runs_exec_stop(way *interrupt)
{
	struct superd *superd = run(backend("talk"), text_of("exec_stop = { \"%s\" }\n exec_stop_post = { \"%s\" }",
							     slow_command("stop"), command("post")));
	long first = begin_end(superd, "stop --no-wait web");

	CLOCK_UNTIL(superd, SECOND_MS, 10, has_noted("stop\n"));
	interrupt(superd);
	cr_expect(process_lives((pid_t)first), "%s", world_logs());
	write_file("go", "%s", "");
	CLOCK_UNTIL(superd, SECOND_MS, 10, has_noted("stop\npost\n"));
	expect_end(superd, first);
}

Behaviour(stop_deaths, runs_exec_stop_and_is_killed)
{
	runs_exec_stop(guarded_kill);
}

Behaviour(stop_deaths, runs_exec_stop_and_is_upgraded)
{
	runs_exec_stop(superd_upgrade);
}

static void runs_exec_stop_post(way *interrupt)
{
	struct superd *superd = run(backend("talk"), text_of("exec_stop = { \"%s\" }\n exec_stop_post = { \"%s\" }",
							     command("stop"), slow_command("post")));
	long first = begin_end(superd, "stop --no-wait web");

	CLOCK_UNTIL(superd, SECOND_MS, 10, has_noted("stop\npost\n"));
	interrupt(superd);
	cr_expect_not(process_lives((pid_t)first), "%s", world_logs());
	write_file("go", "%s", "");
	WAIT_UNTIL(strstr(control_once("status web"), "\"state\":\"listening\""));
	cr_expect(has_noted("stop\npost\n"), "%s", read_text(path_in("diary")));
	expect_end(superd, first);
}

Behaviour(stop_deaths, runs_exec_stop_post_and_is_killed)
{
	runs_exec_stop_post(guarded_kill);
}

Behaviour(stop_deaths, runs_exec_stop_post_and_is_upgraded)
{
	runs_exec_stop_post(superd_upgrade);
}

/* Its program has ended by itself. On a held clock nothing but its own start has the command saved. */
static void runs_a_command_after_its_end(way *interrupt)
{
	struct superd *superd = run(backend("talk"), text_of("exec_stop_post = \"%s\"", slow_command("post")));
	int client = client_connect(superd_port(superd, "web"));
	long first = ask(client, "one\n");

	close(client);
	clock_hold();
	/* Else the command may seem younger than its start, as another process would be. */
	clock_advance(superd, SECOND_MS);
	cr_assert_eq(kill((pid_t)first, SIGKILL), 0);
	WAIT_UNTIL(has_noted("post\n"));
	interrupt(superd);
	write_file("go", "%s", "");
	superd_stop(superd);
	cr_expect_str_eq(read_text(path_in("diary")), "post\n", "%s", world_logs());
}

Behaviour(stop_deaths, runs_a_command_after_its_end_and_is_killed)
{
	runs_a_command_after_its_end(guarded_kill);
}

Behaviour(stop_deaths, runs_a_command_after_its_end_and_is_upgraded)
{
	runs_a_command_after_its_end(upgrade_by_steps);
}

/* One that notes its signals and goes on. */
static long begin_end_of_deaf(struct superd **superd)
{
	long first;

	*superd = guarded_clock_run("service web {\n listen = \"127.0.0.1:0\"\n timeout_stop = 1h\n"
				    " final_kill_signal = HUP\n exec = { \"/bin/sh\", \"-c\",\n"
				    " \"trap 'echo term >>$0' TERM; trap 'echo hup >>$0' HUP; "
				    "while :; do sleep 1000 & wait; done\", \"%s\" }\n}\n", path_in("diary"));
	superd_port(*superd, "web");
	order("start web");
	first = strtol(control_value(control_once("status web"), "pid"), NULL, 10);
	cr_assert_gt(first, 1);
	order("stop --no-wait web");
	CLOCK_UNTIL(*superd, SECOND_MS, 10, has_noted("term\n"));
	return first;
}

static void expect_end_of_deaf(struct superd *superd, long first)
{
	clock_advance(superd, 50 * MINUTE_MS);
	cr_expect(process_lives((pid_t)first), "%s", world_logs());
	CLOCK_UNTIL(superd, 12 * MINUTE_MS, 2, !process_lives((pid_t)first));
	cr_expect(has_noted("term\nhup\n"), "%s", read_text(path_in("diary")));
	WAIT_UNTIL(strstr(control_once("status web"), "\"state\":\"listening\""));
	superd_stop(superd);
}

static void has_got_kill_signal(way *interrupt)
{
	struct superd *superd;
	long first = begin_end_of_deaf(&superd);

	clock_advance(superd, 30 * MINUTE_MS);
	interrupt(superd);
	clock_advance(superd, 20 * MINUTE_MS);
	cr_expect(has_noted("term\n"), "%s", read_text(path_in("diary")));
	CLOCK_UNTIL(superd, 12 * MINUTE_MS, 2, has_noted("term\nhup\n"));
	expect_end_of_deaf(superd, first);
}

Behaviour(stop_deaths, has_got_kill_signal_and_is_killed)
{
	has_got_kill_signal(guarded_kill);
}

Behaviour(stop_deaths, has_got_kill_signal_and_is_upgraded)
{
	has_got_kill_signal(superd_upgrade);
}

static void has_got_final_kill_signal(way *interrupt)
{
	struct superd *superd;
	long first = begin_end_of_deaf(&superd);

	CLOCK_UNTIL(superd, 31 * MINUTE_MS, 3, has_noted("term\nhup\n"));
	interrupt(superd);
	expect_end_of_deaf(superd, first);
}

Behaviour(stop_deaths, has_got_final_kill_signal_and_is_killed)
{
	has_got_final_kill_signal(guarded_kill);
}

Behaviour(stop_deaths, has_got_final_kill_signal_and_is_upgraded)
{
	has_got_final_kill_signal(superd_upgrade);
}

/* Its first process has ended, and kill_rest has told the others to: one of them notes that and goes on. */
static void clears_the_rest(way *interrupt)
{
	struct superd *superd = guarded_clock_run(
		"service web {\n listen = \"127.0.0.1:0\"\n timeout_stop = 1h\n kill_rest = yes\n"
		" exec = { \"/bin/sh\", \"-c\", \"(trap 'echo term >>$0' TERM; echo up >>$0; "
		"while :; do sleep 1000 & wait; done) & while ! test -s $0; do sleep 0.02; done\", \"%s\" }\n}\n",
		path_in("diary"));

	superd_port(superd, "web");
	order("start web");
	CLOCK_UNTIL(superd, SECOND_MS, 10, has_noted("up\nterm\n"));
	interrupt(superd);
	clock_advance(superd, 50 * MINUTE_MS);
	cr_expect(superd_processes(superd) > 0, "%s", world_logs());
	CLOCK_UNTIL(superd, 12 * MINUTE_MS, 2, superd_processes(superd) == 0);
	cr_expect(has_noted("up\nterm\n"), "%s", read_text(path_in("diary")));
	WAIT_UNTIL(strstr(control_once("status web"), "\"state\":\"listening\""));
	superd_stop(superd);
}

Behaviour(stop_deaths, clears_the_rest_and_is_killed)
{
	clears_the_rest(guarded_kill);
}

Behaviour(stop_deaths, clears_the_rest_and_is_upgraded)
{
	clears_the_rest(superd_upgrade);
}
