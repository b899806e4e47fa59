/* A stop goes on when superd is killed or upgraded, in each of its phases: those in which the instance serves its
 * clients (superd/stop/stop.h), and those of its end (superd/instance/instance_table.h). The clients that it has stay,
 * newcomers are served by another, each command runs once, and the stop ends. The time limits of
 * its end go on, those of the phases before begin anew, but for that of a stop beside a successor. */
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

static bool is_in_phase(const char *phase)
{
	return strstr(control_once("status web"), text_of("\"phase\":\"%s\"", phase));
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
	cr_expect_not(superd_logged(superd, "unknown in the state"), "%s", world_logs());
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
	CLOCK_UNTIL(superd, MINUTE_MS, 30, is_in_phase("freeze"));
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

static const char *children_of(pid_t pid)
{
	return text_of(" %s ", read_text(text_of("/proc/%ld/task/%ld/children", (long)pid, (long)pid)));
}

/* superd-count, stopped before it has taken that name; 0: it was quicker than this look, or the phase is over. An
 * order to show the state would wait for its answer. */
static pid_t stop_counter(struct superd *superd)
{
	pid_t counter = 0, below = guarded_wait(superd);
	const char *before = children_of(below);

	while (!counter && is_in_phase("freeze")) {
		clock_move(1);
		for (long long until = now_ms() + 20; !counter && now_ms() < until;) {
			char *at = (char *)(uintptr_t)children_of(below);

			for (long pid; !counter && (pid = strtol(at, &at, 10)) > 0;) {
				if (!strstr(before, text_of(" %ld ", pid)) && kill((pid_t)pid, SIGSTOP) == 0)
					counter = (pid_t)pid;
			}
		}
	}
	if (!counter)
		return 0;
	WAIT_UNTIL(!process_lives(counter) || process_is_stopped(counter));
	if (process_lives(counter) && !process_is_called(counter, "superd-count"))
		return counter;
	kill(counter, SIGCONT);
	return 0;
}

/* As long as somebody asks, nothing was done yet. */
static void is_being_counted(way *interrupt)
{
	long first;
	struct superd *superd = run_idle(&first);
	pid_t counter;
	int client;

	for (int tries = 0; !(counter = stop_counter(superd)); tries++) {
		cr_assert_lt(tries, 50, "%s", world_logs());
		client = client_connect(superd_port(superd, "web"));
		client_send(client, "again\n");
		first = answer_by(superd, client);
		close(client);
		CLOCK_UNTIL(superd, MINUTE_MS, 30, is_in_phase("freeze"));
	}
	interrupt(superd);
	kill(counter, SIGKILL);
	client = client_connect(superd_port(superd, "web"));
	client_send(client, "two\n");
	cr_expect_eq(answer_by(superd, client), first, "%s", world_logs());
	close(client);
	clock_go_on();
	CLOCK_UNTIL(superd, MINUTE_MS, 30, !process_lives((pid_t)first));
	expect_end(superd, first);
}

Behaviour(stop_deaths, is_being_counted_and_is_killed)
{
	is_being_counted(guarded_kill);
}

Behaviour(stop_deaths, is_being_counted_and_is_upgraded)
{
	is_being_counted(upgrade_by_steps);
}

/* The count itself takes no time of the clock. */
static bool has_been_counted(void)
{
	WAIT_UNTIL(!is_in_phase("count"));
	return is_in_phase("newcomer");
}

/* The last count has found nobody, and who comes now is another's. On a busy machine the stop may be over before the
 * test sees it in this phase. */
static void makes_way_for_a_newcomer(way *interrupt)
{
	long first, second;
	struct superd *superd = run_idle(&first);
	int client;

	while (!has_been_counted() && process_lives((pid_t)first))
		clock_advance(superd, 1);
	interrupt(superd);
	client = client_connect(superd_port(superd, "web"));
	client_send(client, "two\n");
	second = answer_by(superd, client);
	cr_expect(second > 0 && second != first, "%s", world_logs());
	cr_expect_not(process_lives((pid_t)first), "%s", world_logs());
	close(client);
	clock_go_on();
	expect_end(superd, first);
}

Behaviour(stop_deaths, makes_way_for_a_newcomer_and_is_killed)
{
	makes_way_for_a_newcomer(guarded_kill);
}

/* An upgrade may have to wait for a helper process that prepares the addresses, by the clock. */
static void upgrade_by_the_clock(struct superd *superd)
{
	superd_signal(superd, SIGUSR2);
	clock_go_on();
	superd_wait_log(superd, ": upgraded from ");
}

Behaviour(stop_deaths, makes_way_for_a_newcomer_and_is_upgraded)
{
	makes_way_for_a_newcomer(upgrade_by_the_clock);
}

/* ---- it serves its clients ---- */

static void serves_its_clients_to_the_end(way *interrupt)
{
	struct superd *superd = run(backend("talk"), "");
	int old = client_connect(superd_port(superd, "web")), new;
	long first = ask(old, "one\n");

	order("drain --no-wait web");
	WAIT_UNTIL(is_in_phase("serve"));
	interrupt(superd);
	cr_expect_eq(ask(old, "two\n"), first, "%s", world_logs());
	new = client_connect(superd_port(superd, "web"));
	client_send(new, "three\n");
	close(old);
	CLOCK_UNTIL(superd, 20 * SECOND_MS, 10, !process_lives((pid_t)first));
	order("release web");
	cr_expect_neq(strtol(client_line(new), NULL, 10), first, "%s", world_logs());
	close(new);
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

/* A drain of what is still starting: nobody could tell its clients from those of a successor. */
static void has_to_be_ready(way *interrupt)
{
	struct superd *superd = run(backend("talk"), text_of("timeout_start = 1h\n exec_start_post = \"%s\"",
							     slow_command("post")));
	int client = client_connect(superd_port(superd, "web"));
	long first = ask(client, "one\n");

	WAIT_UNTIL(has_noted("post\n"));
	order("drain --no-wait web");
	cr_assert(is_in_phase("ready"), "%s", control_once("status web"));
	interrupt(superd);
	cr_expect(is_in_phase("ready"), "%s", control_once("status web"));
	cr_expect(strstr(why_of("web"), " drains: it has to be ready first"), "%s", why_of("web"));
	cr_expect_eq(ask(client, "two\n"), first, "%s", world_logs());
	write_file("go", "%s", "");
	WAIT_UNTIL(is_in_phase("serve"));
	close(client);
	CLOCK_UNTIL(superd, 20 * SECOND_MS, 10, !process_lives((pid_t)first));
	cr_expect(has_noted("post\n"), "%s", read_text(path_in("diary")));
	order("release web");
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

/* Half a line: it is the program's turn. */
static void serves_while_it_makes_progress(way *interrupt)
{
	struct superd *superd = run(backend("talk"), "");
	int old = client_connect(superd_port(superd, "web"));
	long first = ask(old, "one\n");

	client_send(old, "tw");
	order("restart --no-wait web");
	WAIT_UNTIL(is_in_phase("end"));
	interrupt(superd);
	cr_expect(strstr(control_once("status web"), "\"reason\":\"restart\""), "%s", control_once("status web"));
	cr_expect(process_lives((pid_t)first), "%s", world_logs());
	cr_expect_eq(ask(old, "o\n"), first, "%s", world_logs());
	close(old);
	CLOCK_UNTIL(superd, SECOND_MS, 10, !process_lives((pid_t)first));
	expect_end(superd, first);
}

Behaviour(stop_deaths, serves_while_it_makes_progress_and_is_killed)
{
	serves_while_it_makes_progress(guarded_kill);
}

Behaviour(stop_deaths, serves_while_it_makes_progress_and_is_upgraded)
{
	serves_while_it_makes_progress(superd_upgrade);
}

/* A stop behind a drain, which it has told to end soon. */
static void waits_for_an_earlier_one(way *interrupt)
{
	struct superd *superd = run(backend("talk"), "");
	int clients[2];
	long pids[2];

	for (size_t n = 0; n < 2; n++) {
		clients[n] = client_connect(superd_port(superd, "web"));
		pids[n] = ask(clients[n], "one\n");
		if (n == 0) {
			order("drain --no-wait web");
			order("release web");
		}
	}
	cr_assert_neq(pids[0], pids[1], "%s", world_logs());
	clock_hold();
	order("restart --no-wait web");
	WAIT_UNTIL(is_in_phase("earlier"));
	interrupt(superd);
	for (size_t n = 0; n < 2; n++) {
		cr_expect_eq(ask(clients[n], "two\n"), pids[n], "%s", world_logs());
		close(clients[n]);
	}
	clock_go_on();
	for (size_t n = 0; n < 2; n++)
		CLOCK_UNTIL(superd, SECOND_MS, 10, !process_lives((pid_t)pids[n]));
	expect_end(superd, pids[1]);
}

Behaviour(stop_deaths, waits_for_an_earlier_one_and_is_killed)
{
	waits_for_an_earlier_one(guarded_kill);
}

Behaviour(stop_deaths, waits_for_an_earlier_one_and_is_upgraded)
{
	waits_for_an_earlier_one(upgrade_by_steps);
}

/* Another user's program may hold the lock of the socket, so superd-restore gets it ready for a second one: here one
 * that still runs for another service, and is stopped. */
static void waits_for_its_address(way *interrupt)
{
	unsigned long user = (unsigned long)lone_user();
	struct superd *superd = guarded_clock_run(
		"service web { listen = \"127.0.0.1:0\" exec = \"%s\" user = %lu timeout_stop = 1h }\n"
		"service other { listen = \"127.0.0.1:0\" exec = \"%s\" user = %lu }\n",
		backend("talk"), user, backend("take 1"), user);
	int old = client_connect(superd_port(superd, "web"));
	int ordering = control_connect();
	long first = ask(old, "one\n");
	pid_t restorer = 0;

	clock_hold();
	client_ask_pid(superd_port(superd, "other"));
	WAIT_UNTIL((restorer = superd_aside(superd, "superd-restore")) > 0);
	kill(restorer, SIGSTOP);
	client_send(ordering, "restart --no-wait web\n");  /* the answer comes once the addresses are ready */
	WAIT_UNTIL(is_in_phase("address"));
	interrupt(superd);
	kill(restorer, SIGKILL);
	clock_go_on();
	WAIT_UNTIL(is_in_phase("end"));
	cr_expect(strstr(control_once("status web"), "\"reason\":\"restart\""), "%s", control_once("status web"));
	cr_expect_eq(ask(old, "two\n"), first, "%s", world_logs());
	close(old);
	close(ordering);
	CLOCK_UNTIL(superd, SECOND_MS, 10, !process_lives((pid_t)first));
	expect_end(superd, first);
}

BehaviourOfUsers(stop_deaths, waits_for_its_address_and_is_killed)
{
	SKIP_WITHOUT(geteuid() == 0, "needs root, which may be another user");
	waits_for_its_address(guarded_kill);
}

BehaviourOfUsers(stop_deaths, waits_for_its_address_and_is_upgraded)
{
	SKIP_WITHOUT(geteuid() == 0, "needs root, which may be another user");
	waits_for_its_address(upgrade_by_the_clock);
}

/* Less than the two seconds in which its program may leave the client alone. */
Behaviour(stop_deaths, serves_beside_a_successor_until_the_limit_of_before)
{
	struct superd *superd = run(backend("talk"), "on_change = drain");
	int old = client_connect(superd_port(superd, "web"));
	long first = ask(old, "one\n");

	clock_hold();
	order("restart --no-wait web");
	WAIT_UNTIL(is_in_phase("end"));
	clock_advance(superd, SECOND_MS);
	guarded_kill(superd);
	cr_expect_lt(strtod(control_value(control_once("status web"), "left"), NULL), 29.01, "%s",
		     control_once("status web"));
	cr_expect_eq(ask(old, "two\n"), first, "%s", world_logs());
	clock_go_on();
	close(old);
	CLOCK_UNTIL(superd, SECOND_MS, 10, !process_lives((pid_t)first));
	expect_end(superd, first);
}

/* It outlives its entry, and superd does not look for clients of a datagram socket. */
static void rests_without_an_entry(way *interrupt)
{
	static const char other[] = "service other { listen = \"127.0.0.1:0\" exec = \"/bin/cat\" accept = yes }\n";
	struct superd *superd = guarded_clock_run("%sservice web { listen = \"udp:127.0.0.1:0\"\n"
						  " exec = \"/bin/sleep 1000\" }\n", other);
	long first;

	superd_port(superd, "web");
	order("start web");
	first = strtol(control_value(control_once("status web"), "pid"), NULL, 10);
	cr_assert(superd_reload(superd, "%s", other));
	WAIT_UNTIL(is_in_phase("rest"));
	interrupt(superd);
	cr_expect(process_lives((pid_t)first), "%s", world_logs());
	cr_expect(is_in_phase("rest"), "%s", control_once("status web"));
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
