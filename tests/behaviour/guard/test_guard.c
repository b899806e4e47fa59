/* --guard: superd is killed at any moment, and neither a client nor a backend notices. */
#include <poll.h>

#include "controlling.h"
#include "guarding.h"
#include "harness.h"
#include "load.h"
#include "private.h"
#include "superctl.h"

#define SERVICE "service %s { listen = \"127.0.0.1:0\" exec = \"%s\" %s }\n"

static const struct setup guarded = { .arguments = (const char *const[]){ "--guard", NULL } };

Behaviour(guard, a_killed_superd_loses_no_backend_and_no_listener)
{
	struct superd *superd = superd_run_with(&guarded, SERVICE, "web", backend("talk"), "");
	int port = superd_port(superd, "web");
	long pid = client_ask_pid(port);

	for (int n = 0; n < 3; n++) {
		guarded_kill(superd);
		cr_assert_eq(client_ask_pid(port), pid);
	}
	/* superd may have been killed before it logged the start. */
	cr_assert_leq(superd_log_count(superd, "web: started, pid "), 1);
	cr_assert_eq(superd_log_count(superd, "web: listening on "), 1);
}

Behaviour(guard, clients_that_came_while_there_was_no_superd_are_served)
{
	const char *const arguments[] = { "--guard", "--control", control_path(), NULL };
	const struct setup setup = { .arguments = arguments };
	struct superd *superd = superd_run_with(&setup, SERVICE SERVICE, "lazy", backend("talk"), "", "each",
						backend("lines"), "accept = yes");
	pid_t first;
	int lazy, each;

	/* It says that it runs once its state is saved. */
	first = guarded_wait(superd);
	close(control_connect());
	kill(first, SIGKILL);
	lazy = client_connect(superd_port(superd, "lazy"));
	each = client_connect(superd_port(superd, "each"));
	client_send(lazy, "one\n");
	client_send(each, "two\n");
	cr_expect_not_null(strstr(client_line(lazy), " one"));
	cr_expect_not_null(strstr(client_line(each), " two"));
	close(lazy);
	close(each);
}

Behaviour(guard, the_end_of_a_backend_of_the_superd_before_is_heard_of)
{
	struct superd *superd = superd_run_with(&guarded, SERVICE, "web", backend("take 1"), "");
	int port = superd_port(superd, "web"), first = client_connect(port);
	long pid;

	client_send(first, "");
	superd_wait_log(superd, "web: started, pid ");
	guarded_kill(superd);
	client_send(first, "hello\n");
	pid = strtol(client_line(first), NULL, 10);
	close(first);
	superd_wait_log(superd, text_of("web: pid %ld ended: exit status 0", pid));
	cr_assert_neq(client_ask_pid(port), pid);
}

/* With accept = yes a client's process may be about to start. */
Behaviour(guard, under_kills_no_client_is_lost_that_nobody_has_accepted)
{
	enum { KILLS = 6 };
	struct superd *superd = superd_run_with(&guarded, SERVICE SERVICE, "lazy", backend("serve"), "", "each",
						backend("stdio"), "accept = yes");
	const struct load_plan plans[] = {
		{ .port = superd_port(superd, "lazy"), .threads = 2 },
		{ .port = superd_port(superd, "each"), .threads = 2 },
	};
	struct load *loads[] = { load_start(&plans[0]), load_start(&plans[1]) };
	struct tally tally;

	for (int n = 0; n < KILLS; n++) {       /* the pauses grow */
		size_t before = load_progress(loads[1]);

		WAIT_UNTIL(load_progress(loads[1]) > before + (size_t)n);
		guarded_kill(superd);
	}
	tally = load_stop(loads[0]);
	tally_expect_all_served(&tally);
	/* Those whose processes were being started may be lost, and nobody waits. */
	tally = load_stop(loads[1]);
	cr_expect_leq(tally.reset, KILLS * plans[1].threads, "%s", world_logs());
	tally.reset = 0;
	tally_expect_all_served(&tally);
	/* It may have been started by a superd that was killed before it could log that. */
	cr_expect_leq(superd_log_count(superd, "lazy: started, pid "), 1, "%s", world_logs());
}

/* They come while superd is stopped, and superd is killed as it accepts them and starts for them: whom it was about to
 * serve may be lost, and nobody waits. */
enum { CROWDED = 7, CROWD = 15, ALL = CROWDED * CROWD };

static void kill_amid_crowd(struct superd *superd, const int ports[CROWDED], int milliseconds)
{
	pid_t pid = guarded_wait(superd);
	int clients[ALL];

	for (int n = 0; n < CROWDED; n++)
		cr_assert_str_eq(client_ask(ports[n], "hello\n"), "hello");
	cr_assert_eq(kill(pid, SIGSTOP), 0);
	WAIT_UNTIL(process_is_stopped(pid));
	for (int n = 0; n < ALL; n++) {
		clients[n] = client_connect(ports[n % CROWDED]);
		client_send(clients[n], "hello\n");
	}
	cr_assert_eq(kill(pid, SIGCONT), 0);
	poll(NULL, 0, milliseconds);
	cr_assert_eq(kill(pid, SIGKILL), 0);
	for (int n = 0; n < ALL; n++) {
		struct pollfd answers = { .fd = clients[n], .events = POLLIN };
		char answer[64] = "";
		ssize_t got;

		cr_assert_eq(poll(&answers, 1, 15000), 1, "client %d waits: %s", n, world_logs());
		got = recv(clients[n], answer, sizeof(answer) - 1, 0);
		cr_assert(got <= 0 || !strcmp(answer, "hello\n"), "client %d: %s", n, world_logs());
		close(clients[n]);
	}
	for (int n = 0; n < CROWDED; n++)
		cr_assert_str_eq(client_ask(ports[n], "hello\n"), "hello");
	for (int n = 0; n < CROWDED; n++)
		WAIT_UNTIL(!strcmp(control_value(control_once("list s%d", n), "instances"), "0"));
}

Behaviour(guard, under_kills_more_clients_than_notes_are_served)
{
	const char *table = "";
	struct superd *superd;
	int ports[CROWDED];

	for (int n = 0; n < CROWDED; n++)
		table = text_of("%sservice s%d { listen = \"127.0.0.1:0\" accept = yes builtin = echo }\n", table, n);
	superd = guarded_run("defaults { user = \"%s\" }\n%s", own_user(), table);
	for (int n = 0; n < CROWDED; n++)
		ports[n] = superd_port(superd, text_of("s%d", n));
	for (int n = 0; n < 4; n++)
		kill_amid_crowd(superd, ports, n);
	cr_expect_not(superd_logged(superd, "reports what cannot be"), "%s", world_logs());
}

Behaviour(guard, an_upgrade_takes_the_guard_with_it)
{
	struct superd *superd = superd_run_with(&guarded, SERVICE, "web", backend("talk"), "");
	int port = superd_port(superd, "web");
	long pid = client_ask_pid(port);
	pid_t before = guarded_pid(superd);

	superd_upgrade(superd);
	cr_assert_neq(guarded_pid(superd), before);
	cr_assert_eq(client_ask_pid(port), pid);
	guarded_kill(superd);
	cr_assert_eq(client_ask_pid(port), pid);
}

Behaviour(guard, a_reload_is_what_the_next_superd_has)
{
	struct superd *superd = superd_run_with(&guarded, SERVICE, "web", backend("talk"), "");
	int port = superd_port(superd, "web");
	FILE *edited;

	cr_assert(superd_reload(superd, SERVICE SERVICE, "web", backend("talk"), "nice = 1", "more", backend("talk"),
				""));
	edited = fopen(superd->table, "a");
	fprintf(edited, SERVICE, "unasked", backend("talk"), "");
	fclose(edited);
	guarded_kill(superd);
	cr_expect(!superd_logged(superd, "unasked: listening"));
	cr_expect_gt(client_ask_pid(superd_port(superd, "more")), 0);
	cr_expect_gt(client_ask_pid(port), 0);
}

/* The guard learns of the death and of the order in one turn. */
Behaviour(guard, a_reload_that_is_ordered_as_superd_dies_comes_to_the_next)
{
	struct superd *superd = superd_run_with(&guarded, SERVICE, "web", backend("talk"), "");
	pid_t below = guarded_wait(superd);

	cr_assert_eq(kill(superd->pid, SIGSTOP), 0);
	cr_assert_eq(kill(below, SIGKILL), 0);
	WAIT_UNTIL(!process_lives(below));
	cr_assert_eq(kill(superd->pid, SIGHUP), 0);
	cr_assert_eq(kill(superd->pid, SIGCONT), 0);
	superd_wait_log(superd, "reloaded: 1 unchanged");
}

Behaviour(guard, ends_with_superds_own_exit_status)
{
	struct outcome outcome = SUPERD_ANSWER("--guard", "-f", write_file("bad.conf", "service web {"));

	cr_expect_eq(outcome.status, 1);
	cr_expect_not_null(strstr(outcome.err, "bad.conf:1"), "%s", outcome.err);
}

Behaviour(guard, a_superd_that_dies_young_again_and_again_pauses_longer_each_time)
{
	static const int pauses[] = { 0, 100, 200, 400 }; /* milliseconds */
	struct superd *superd = guarded_clock_run(SERVICE, "web", backend("talk"), "");
	int port = superd_port(superd, "web"), client;

	clock_hold();
	for (int n = 0; n < 4; n++) {
		pid_t pid = guarded_wait(superd);

		kill(pid, SIGKILL);
		WAIT_UNTIL(guarded_pid(superd) != pid);
		if (pauses[n]) {
			clock_advance(superd, pauses[n] - 10);
			cr_expect_eq(guarded_pid(superd), 0, "death %d", n);
			clock_move(20);
		}
	}
	client = client_connect(port);
	client_send(client, "hello\n");
	cr_expect_not_null(strstr(client_line(client), " hello"));
	close(client);
}

/* Kills superd as if by a fault of its own, and waits for the next one. */
static void kill_by_fault(struct superd *superd)
{
	pid_t before;

	before = guarded_wait(superd);
	kill(before, SIGSEGV);
	WAIT_UNTIL(guarded_wait(superd) != before);
}

Behaviour(guard, a_state_outlives_kills_by_others)
{
	struct superd *superd = superd_run_with(&guarded, SERVICE, "web", backend("talk"), "");
	int port = superd_port(superd, "web");
	long pid = client_ask_pid(port);

	for (int n = 0; n < 3; n++) {
		kill_by_fault(superd);
		guarded_kill(superd);
	}
	cr_expect_eq(client_ask_pid(port), pid, "%s", world_logs());
}

/* The files of the saved state come before the services' sockets. */
Behaviour(guard, has_its_state_where_descriptors_are_too_few_for_the_services)
{
	const char *const arguments[] = { "--guard", "--control", control_path(), NULL };
	const struct setup short_of = { .arguments = arguments, .descriptors = 40 + OWN_PROGRAMS };
	struct superd *superd;
	char *table = (char *)(uintptr_t)"";

	for (int n = 0; n < 40; n++)
		table = (char *)(uintptr_t)text_of(
			"%sservice s%d { listen = \"127.0.0.1:0\" exec = \"%s\" accept = yes }\n", table, n,
			backend("lines"));
	superd = superd_run_with(&short_of, "%s", table);
	superd_wait_log(superd, "superd has too few descriptors for its sockets");
	wait_node(control_path());      /* it comes behind the services' sockets */
	cr_assert_eq(SUPERCTL(control_path(), "list").status, 0, "it serves\n%s", world_logs());
	guarded_kill(superd);
	cr_expect(!superd_logged(superd, "cannot save the state"), "%s", world_logs());
}

Behaviour(guard, who_asks_for_a_shutdown_waits_until_superd_has_gone)
{
	struct superd *superd = guarded_run(SERVICE, "web", backend("talk"), "");
	pid_t own = guarded_wait(superd);

	wait_node(control_path());
	cr_assert_eq(SUPERCTL(control_path(), "shutdown").status, 0);
	cr_expect(kill(own, 0) < 0 && errno == ESRCH, "the guard, which ends last, has not seen the end of superd");
	cr_assert_eq(superd_wait_exit(superd), 0);
}

Behaviour(guard, superctl_shows_whether_there_is_one)
{
	const char *const with[] = { "--guard", "--control", control_path(), NULL };
	const char *const without[] = { "--no-guard", "--control", control_path(), NULL };
	const char *table = text_of("service s { listen = \"127.0.0.1:0\" exec = \"%s\" accept = yes }\n",
				    backend("lines"));
	struct superd *superd = superd_run_with(&(const struct setup){ .arguments = with }, "%s", table);
	const char *version;

	wait_node(control_path());
	version = SUPERCTL(control_path(), "version").out;
	cr_expect_not_null(strstr(version, text_of("\nguard, pid %ld: ", (long)superd->pid)), "%s", version);
	superd_stop(superd);
	superd = superd_run_with(&(const struct setup){ .arguments = without }, "%s", table);
	wait_node(control_path());
	version = SUPERCTL(control_path(), "version").out;
	cr_expect_not_null(strstr(version, "\nno guard: "), "%s", version);
}
