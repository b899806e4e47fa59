/* Which process or thread of a program binds, and how it waits for its clients: epoll sets, workers, daemons, and
 * readiness. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "binding.h"
#include "client.h"
#include "clock.h"
#include "process.h"

#define LOCAL(port) text_of("\"127.0.0.1:%d\"", port)

static struct superd *run(int port, const char *options, const char *steps)
{
	struct superd *superd = bind_run(LOCAL(port), options, steps);

	superd_wait_log(superd, "web: listening on ");
	return superd;
}

static struct superd *clock_run_at(int port, const char *options, const char *steps)
{
	struct superd *superd = bind_clock_run(LOCAL(port), options, steps);

	superd_wait_log(superd, "web: listening on ");
	return superd;
}

static void expect_served(const char *format)
{
	int port = free_port();
	struct superd *superd = run(port, "", replaced(format, "PORT", text_of("127.0.0.1:%d", port)));

	for (int n = 0; n < 3; n++)
		client_ask_pid(port);
	superd_expect_count(superd, "web: started", 1);
	superd_stop(superd);
}

/* ---- epoll ---- */

BehaviourOfBind(processes, a_registration_with_epoll_before_the_bind_stays)
{
	expect_served("tcp4 nonblock watch=level bind=PORT listen=5 serve=level");
	expect_served("tcp4 nonblock watch=edge bind=PORT listen=5 serve=edge");
	expect_served("tcp4 nonblock watch=once bind=PORT listen=5 serve=once");
}

BehaviourOfBind(processes, one_after_it_is_as_good)
{
	expect_served("tcp4 nonblock bind=PORT watch=level listen=5 serve=level");
	expect_served("tcp4 nonblock bind=PORT listen=5 watch=edge serve=edge");
	expect_served("tcp4 nonblock bind=PORT listen=5 watch=once serve=once");
}

BehaviourOfBind(processes, a_second_bind_under_the_same_number_is_heard_of)
{
	int port = free_port();
	const char *again = text_of("tcp4 number=40 nonblock watch=level bind=127.0.0.1:%d listen=5", port);
	struct superd *superd = run(port, "", text_of("%s close %s close %s serve=level", again, again, again));

	for (int n = 0; n < 5; n++) {
		client_ask_pid(port);
		bind_obey(port, text_of("close %s", again));
	}
	superd_stop(superd);
}

BehaviourOfBind(processes, one_that_only_blocks_is_served)
{
	expect_served("tcp4 bind=PORT listen=5 serve=block");
}

/* ---- who binds ---- */

BehaviourOfBind(processes, a_thread_may_bind)
{
	expect_served("thread tcp4 bind=PORT listen=5 serve=poll");
}

BehaviourOfBind(processes, a_thread_with_an_epoll_set_may)
{
	expect_served("thread tcp4 nonblock watch=edge bind=PORT listen=5 serve=edge");
}

BehaviourOfBind(processes, a_child_may_bind)
{
	expect_served("fork tcp4 bind=PORT listen=5 serve=poll");
}

BehaviourOfBind(processes, workers_share_what_was_bound_before)
{
	expect_served("tcp4 nonblock bind=PORT listen=5 workers=3 serve=level");
}

BehaviourOfBind(processes, workers_may_each_bind)
{
	int port = free_port();
	const char *marks = path_in("marks");
	struct superd *superd =
		run(port, "",
		    text_of("workers=2 tcp4 reuseport=1 nonblock bind=127.0.0.1:%d listen=5 mark=%s serve=edge", port,
			    marks));

	for (int n = 0; n < 20; n++)
		client_ask_pid(port);
	WAIT_UNTIL(count_lines(marks) == 2);
	superd_stop(superd);
}

BehaviourOfBind(processes, as_another_user_too)
{
	int port = free_port();
	struct superd *superd;

	SKIP_WITHOUT(namespace_users(), "needs root, and a build that every user can reach");
	superd = run(port, "user = \"65533\"",
		     text_of("workers=2 tcp4 reuseport=1 bind=127.0.0.1:%d listen=5 serve=poll", port));
	for (int n = 0; n < 5; n++)
		client_ask_pid(port);
	superd_stop(superd);
}

BehaviourOfBind(processes, as_an_ordinary_user_too)
{
	int port = free_port();
	const struct setup setup = { .uid = 65533 };
	struct superd *superd;

	SKIP_WITHOUT(namespace_users(), "needs root, and a build that every user can reach");
	superd = superd_run_with(
		&setup, "%s",
		bind_table(LOCAL(port), "",
			   text_of("tcp4 nonblock watch=edge bind=127.0.0.1:%d listen=5 serve=edge", port)));
	superd_wait_log(superd, "web: listening on ");
	for (int n = 0; n < 3; n++)
		client_ask_pid(port);
	superd_stop(superd);
}

BehaviourOfBind(processes, it_takes_no_new_privileges_where_it_cannot_do_without)
{
	int port = free_port();
	struct superd *superd =
		run(port, "no_new_privileges = yes", text_of("tcp4 bind=127.0.0.1:%d listen=5 serve=poll", port));

	client_ask_pid(port);
	superd_stop(superd);
}

/* ---- daemons ---- */

static void expect_daemon(const char *format)
{
	int port = free_port();
	struct superd *superd = run(port, "type = forking", replaced(format, "PORT", text_of("127.0.0.1:%d", port)));
	long pid = client_ask_pid(port);

	cr_expect_eq(client_ask_pid(port), pid);
	cr_assert(control_is_done(control_once("stop web")));
	WAIT_UNTIL(!process_lives((pid_t)pid));
	cr_expect_neq(client_ask_pid(port), pid);
	superd_stop(superd);
}

BehaviourOfBind(processes, a_daemon_binds_before_it_forks)
{
	expect_daemon("tcp4 bind=PORT listen=5 daemon serve=poll");
}

BehaviourOfBind(processes, or_behind_that)
{
	expect_daemon("daemon tcp4 bind=PORT listen=5 serve=poll");
}

/* ---- daemons without type = forking ---- */

/* superd names the daemon that the program has left: in the log, in why and in health. Its clients start no other.
 * Returns its pid. */
static long expect_background(struct superd *superd, int port)
{
	static const char is[] = "its program went into the background: pid ";
	const char *what, *health, *why;
	long pid = client_ask_pid(port);

	superd_wait_log(superd, text_of("web: warning: %s", is));
	why = control_once("why web");
	cr_assert_not_null(strstr(why, is), "%s", why);
	what = text_of("%s%ld still has tcp:127.0.0.1:%d; let it stay in the foreground (nginx: daemon off), or set "
		       "type = forking", is, pid, port);
	cr_expect_not_null(strstr(why, what), "%s", why);
	cr_expect(superd_logged(superd, text_of("web: warning: %s", what)), "%s", world_logs());
	for (int n = 0; n < 3; n++)
		cr_expect_eq(client_ask_pid(port), pid);
	health = control_once("health");
	cr_expect_not_null(strstr(health, "\"degraded\":true"), "%s", health);
	cr_expect_not_null(strstr(health, text_of("web: %s", what)), "%s", health);
	return pid;
}

static struct superd *run_background(int port, const char *options)
{
	return run(port, options, text_of("tcp4 bind=127.0.0.1:%d listen=5 daemon serve=poll", port));
}

BehaviourOfBind(processes, a_program_that_goes_into_the_background_is_named_and_stopped)
{
	int port = free_port();
	struct superd *superd = run_background(port, "");
	long pid = expect_background(superd, port);
	const char *answer = control_once("stop web");

	cr_assert(control_is_done(answer), "%s", answer);
	cr_expect_null(strstr(answer, "still runs"), "%s", answer);
	cr_expect_not(process_lives((pid_t)pid), "%s", answer);
	answer = control_once("why web");
	cr_expect_not_null(strstr(answer, "nothing runs"), "%s\n%s", answer, world_logs());
	cr_expect_not_null(strstr(control_once("health"), "\"degraded\":false"));
	cr_expect_neq(client_ask_pid(port), pid);
	superd_stop(superd);
}

BehaviourOfBind(processes, a_client_starts_the_program_again_when_it_has_ended)
{
	int port = free_port();
	struct superd *superd = run_background(port, "");
	long pid = expect_background(superd, port);

	kill((pid_t)pid, SIGKILL);
	cr_expect_neq(client_ask_pid(port), pid);
	superd_stop(superd);
}

BehaviourOfBind(processes, a_restart_ends_it_before_the_next_start)
{
	int port = free_port();
	struct superd *superd = run_background(port, "");
	long pid = expect_background(superd, port);
	const char *answer = control_once("restart web");

	cr_assert(control_is_done(answer), "%s", answer);
	cr_expect_not(process_lives((pid_t)pid), "%s", answer);
	cr_expect_eq(superd_log_count(superd, "web: started, pid "), 2);
	cr_expect_neq(client_ask_pid(port), pid);
	superd_stop(superd);
}

BehaviourOfBind(processes, a_stop_reports_what_kill_mode_spares)
{
	int port = free_port();
	struct superd *superd = run_background(port, "kill_mode = none");
	long pid = expect_background(superd, port);
	const char *answer = control_once("stop web");

	cr_assert(control_is_done(answer), "%s", answer);
	cr_expect_not_null(strstr(answer, text_of("pid %ld, which its program has left in the background, still runs",
						  pid)), "%s", answer);
	cr_expect(process_lives((pid_t)pid));
	kill((pid_t)pid, SIGKILL);
	superd_stop(superd);
}

BehaviourOfBind(processes, an_upgrade_still_knows_it)
{
	int port = free_port();
	struct superd *superd = run_background(port, "");
	long pid = expect_background(superd, port);

	cr_assert(control_is_done(control_once("upgrade")));
	WAIT_UNTIL(strstr(control_once("why web"), text_of("pid %ld still has ", pid)));
	cr_assert(control_is_done(control_once("stop web")));
	cr_expect_not(process_lives((pid_t)pid));
	superd_stop(superd);
}

/* ---- readiness ---- */

/* How a program tells that it is ready, when a file is there. */
struct word {
	const char *option, *step;
};

#define LATE "\n timeout_start = 24h"

static const struct word notice = { "type = notify" LATE, "ready-after" };
static const struct word line = { "ready = \"it serves now\"" LATE, "print-after" };

/* Nothing comes before the program is ready. superd's worker may be in the middle of a call at a step, and superd takes
 * one of five seconds for one that hangs: so the steps are shorter. */
enum { STEPS = 5, STEP_MS = 3000 };

static void expect_quiet(struct superd *superd, int client)
{
	for (int n = 0; n < STEPS; n++)
		clock_advance(superd, STEP_MS);
	cr_expect(client_is_quiet(client, 0), "%s", world_logs());
}

/* The same for a program that asks for clients again and again, so that it never sleeps. */
static void expect_quiet_while_busy(int client)
{
	for (int n = 0; n < STEPS; n++) {
		clock_move(STEP_MS);
		control_once("status web");
		control_once("status web"); /* superd has run its timers since */
	}
	cr_expect(client_is_quiet(client, 0), "%s", world_logs());
}

/* The program accepts from the first moment, and is ready later. */
static void expect_clients_wait(const struct word *word, const char *watch, const char *serve)
{
	int port = free_port(), client;
	struct superd *superd = clock_run_at(port, word->option,
					     text_of("tcp4 nonblock bind=127.0.0.1:%d %s listen=5 %s=%s serve=%s", port,
						     watch, word->step, path_in("go"), serve));

	client = client_connect(port);
	client_send(client, "who\n");
	superd_wait_log(superd, "web: started");
	WAIT_UNTIL(strstr(control_once("why web"), "it has bound "));
	expect_quiet_while_busy(client);
	superd_expect_count(superd, "web: started", 1);
	write_file("go", "now");
	cr_expect_not_null(strstr(client_line(client), " who"));
	close(client);
	client_ask_pid(port);
	unlink(path_in("go"));
	superd_stop(superd);
}

BehaviourOfBind(processes, clients_wait_until_it_is_ready)
{
	expect_clients_wait(&notice, "", "poll");
	expect_clients_wait(&notice, "", "level");
}

BehaviourOfBind(processes, so_they_do_by_edges)
{
	expect_clients_wait(&notice, "watch=edge", "edge");
	expect_clients_wait(&notice, "", "edge");
}

BehaviourOfBind(processes, so_they_do_where_each_is_asked_for_once)
{
	expect_clients_wait(&notice, "", "once");
}

BehaviourOfBind(processes, clients_wait_for_a_line_of_its_output)
{
	expect_clients_wait(&line, "", "poll");
	expect_clients_wait(&line, "watch=level", "level");
	expect_clients_wait(&line, "watch=edge", "edge");
	expect_clients_wait(&line, "", "edge");
	expect_clients_wait(&line, "", "once");
}

/* Clients that came one after the other are one edge. */
BehaviourOfBind(processes, all_who_wait_for_the_line_are_served)
{
	enum { CLIENTS = 5 };
	int port = free_port(), clients[CLIENTS];
	struct superd *superd =
		clock_run_at(port, line.option,
			     text_of("tcp4 nonblock bind=127.0.0.1:%d watch=edge listen=5 print-after=%s "
				     "serve=edge",
				     port, path_in("go")));

	for (int n = 0; n < CLIENTS; n++) {
		clients[n] = client_connect(port);
		client_send(clients[n], "who\n");
	}
	superd_wait_log(superd, "web: started");
	expect_quiet(superd, clients[0]);
	write_file("go", "now");
	client_expect_all(clients, CLIENTS, " who");
	superd_stop(superd);
}

/* ---- readiness, and a program that blocks in accept(2) ---- */

#define WAITING(port, step) \
	text_of("tcp4 bind=127.0.0.1:%d listen=5 %s=%s mark=%s serve=wait", port, step, path_in("go"), path_in("begun"))

static int connect_to_waiting(struct superd *superd, int port)
{
	int client = client_connect(port);

	client_send(client, "who\n");
	superd_wait_log(superd, "web: started");
	WAIT_UNTIL(count_lines(path_in("begun")) == 1);
	expect_quiet(superd, client);
	return client;
}

/* Ends the test: one program was enough, and accept(2) has not failed. */
static void expect_served_once_ready(struct superd *superd, int port, int client)
{
	expect_quiet(superd, client);
	write_file("go", "now");
	cr_expect_not_null(strstr(client_line(client), " who"));
	close(client);
	client_ask_pid(port);
	superd_expect_count(superd, "web: started", 1);
	cr_expect_not(superd_logged(superd, "binder: "));
	superd_stop(superd);
	unlink(path_in("go"));
	unlink(path_in("begun"));
}

static void expect_it_waits(const struct word *word)
{
	int port = free_port();
	struct superd *superd = clock_run_at(port, word->option, WAITING(port, word->step));

	expect_served_once_ready(superd, port, connect_to_waiting(superd, port));
}

BehaviourOfBind(processes, one_that_blocks_waits_until_it_is_ready)
{
	expect_it_waits(&notice);
	expect_it_waits(&line);
}

/* It hears of its child only between two calls of accept(2). */
BehaviourOfBind(processes, one_that_selects_and_blocks_becomes_ready)
{
	int port = free_port();
	struct superd *superd =
		clock_run_at(port, notice.option,
			     text_of("tcp4 bind=127.0.0.1:%d listen=5 ready-by-child=%s mark=%s serve=select", port,
				     path_in("go"), path_in("begun")));

	expect_served_once_ready(superd, port, connect_to_waiting(superd, port));
}

BehaviourOfBind(processes, one_that_blocks_for_a_time_hears_that_it_is_over)
{
	int port = free_port();
	struct superd *superd = clock_run_at(
		port, notice.option,
		text_of("tcp4 rcvtimeo=30000 bind=127.0.0.1:%d listen=5 mark=%s serve=wait", port, path_in("begun")));

	close(connect_to_waiting(superd, port));
	superd_wait_log(superd, "binder: serve=wait: Resource temporarily unavailable");
	superd_stop(superd);
}

/* Its thread waits in accept(2) while the main one binds other sockets, and then is ready. */
static const char threads[] =
	"import os, socket, sys, threading, time\n"
	"port, begun, go = sys.argv[1:]\n"
	"listener = socket.create_server(('127.0.0.1', int(port)))\n"
	"def answer(client):\n"
	"    with client, client.makefile('rw') as lines:\n"
	"        print(os.getpid(), lines.readline().strip(), took, file=lines, flush=True)\n"
	"def serve():\n"
	"    while True:\n"
	"        threading.Thread(target=answer, args=listener.accept()[:1]).start()\n"
	"server = threading.Thread(target=serve)\n"
	"server.start()\n"
	"open(begun, 'w').write('begun\\n')\n"
	"while not os.path.exists(go):\n"
	"    time.sleep(.003)\n"
	"since = time.monotonic()\n"
	"for n in range(20):\n"
	"    socket.create_server(('127.0.0.1', 0)).close()\n"
	"took = int(1000 * (time.monotonic() - since))\n"
	"print('it serves now', flush=True)\n"
	"server.join()\n"
	"os._exit(1)\n";

/* Each bind would wait for the rest of a held accept(2), 50 ms of real time: so this has a bound on real time, and
 * is not in the core suite. */
BehaviourOfBind(processes, a_thread_for_each_client_waits_and_other_binds_do_not)
{
	enum { CLIENTS = 5 };
	const char *arguments[] = { "--control", control_path(), NULL };
	const struct setup setup = { .arguments = arguments, .clock = true };
	int port = free_port(), clients[CLIENTS];
	struct superd *superd;

	SKIP_WITHOUT(access("/usr/bin/python3", X_OK) == 0, "needs python3");
	superd = superd_run_with(&setup,
				 "service web {\n listen = \"127.0.0.1:%d\"\n pass = bind\n error = inherit\n %s\n"
				 " exec = \"/usr/bin/python3 %s %d %s %s\"\n}\n",
				 port, line.option, write_file("threads.py", "%s", threads), port, path_in("begun"),
				 path_in("go"));
	superd_wait_log(superd, "web: listening on ");
	clients[0] = connect_to_waiting(superd, port);
	for (int n = 1; n < CLIENTS; n++) {
		clients[n] = client_connect(port);
		client_send(clients[n], "who\n");
	}
	expect_quiet(superd, clients[0]);
	write_file("go", "now");
	cr_expect_lt(atoi(strstr(client_line(clients[0]), " who ") + 5), 20 * 50 / 2, "%s", world_logs());
	client_expect_all(clients + 1, CLIENTS - 1, " who");
	superd_expect_count(superd, "web: started", 1);
	superd_stop(superd);
}

BehaviourOfBind(processes, so_do_several_that_block)
{
	int port = free_port();
	struct superd *superd =
		clock_run_at(port, notice.option,
			     text_of("tcp4 bind=127.0.0.1:%d listen=5 ready-after=%s mark=%s workers=5 serve=wait",
				     port, path_in("go"), path_in("begun")));

	expect_served_once_ready(superd, port, connect_to_waiting(superd, port));
}

BehaviourOfBind(processes, one_that_blocks_gets_its_ipv4_client)
{
	int port = free_port(), client;
	struct superd *superd =
		bind_clock_run(text_of("\"%d\"", port), notice.option,
			       text_of("tcp4 bind=0.0.0.0:%d listen=5 ready-after=%s mark=%s serve=wait", port,
				       path_in("go"), path_in("begun")));

	superd_wait_log(superd, "web: listening on ");
	client = client_connect(port);
	client_send(client, "?\n");
	WAIT_UNTIL(count_lines(path_in("begun")) == 1);
	expect_quiet(superd, client);
	write_file("go", "now");
	bind_expect(client_line(client), "domain=4");
	close(client);
	superd_stop(superd);
}

BehaviourOfBind(processes, one_that_blocks_waits_over_upgrades)
{
	int port = free_port(), client;
	struct superd *superd = clock_run_at(port, notice.option, WAITING(port, notice.step));

	client = connect_to_waiting(superd, port);
	superd_upgrade(superd);
	superd_upgrade(superd);
	expect_served_once_ready(superd, port, client);
}

BehaviourOfBind(processes, one_that_blocks_waits_over_a_reload)
{
	int port = free_port(), other = free_port(), client;
	const char *options = text_of("%s\n binds = \"127.0.0.1:%d\"", notice.option, other);
	struct superd *superd = clock_run_at(port, notice.option, WAITING(port, notice.step));

	client = connect_to_waiting(superd, port);
	cr_assert(superd_reload(superd, "%s", bind_table(LOCAL(port), options, WAITING(port, notice.step))));
	expect_served_once_ready(superd, port, client);
}

BehaviourOfBind(processes, one_that_blocks_waits_though_superds_process_is_killed)
{
	int port = free_port(), client;
	struct superd *superd = clock_run_at(port, notice.option, WAITING(port, notice.step));
	pid_t pid;

	client = connect_to_waiting(superd, port);
	pid = superd_aside(superd, "superd-bind");
	cr_assert(pid > 0 && kill(pid, SIGKILL) == 0);
	expect_served_once_ready(superd, port, client);
}

BehaviourOfBind(processes, one_that_blocks_can_be_stopped)
{
	int port = free_port(), client;
	struct superd *superd = clock_run_at(port, notice.option, WAITING(port, notice.step));

	client = connect_to_waiting(superd, port);
	cr_assert(control_is_done(control_once("stop web")));
	close(client);
	superd_stop(superd);
}
