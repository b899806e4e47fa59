/* Which process or thread of a program binds, and how it waits for its clients: epoll sets, workers, daemons, and
 * readiness. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "binding.h"
#include "client.h"
#include "process.h"

#define LOCAL(port) text_of("\"127.0.0.1:%d\"", port)

static struct superd *run(int port, const char *options, const char *steps)
{
	struct superd *superd = bind_run(LOCAL(port), options, steps);

	superd_wait_log(superd, "web: listening on ");
	return superd;
}

static void expect_served(const char *format)
{
	int port = free_port();
	struct superd *superd = run(port, "", replaced(format, "PORT", text_of("127.0.0.1:%d", port)));

	for (int n = 0; n < 3; n++)
		client_ask_pid(port);
	cr_expect_eq(superd_log_count(superd, "web: started"), 1);
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

/* ---- readiness ---- */

/* How a program tells that it is ready, when a file is there. */
struct word {
	const char *option, *step;
};

static const struct word notice = { "type = notify", "ready-after" };
static const struct word line = { "ready = \"it serves now\"", "print-after" };

/* The program accepts from the first moment, and is ready later. */
static void expect_clients_wait(const struct word *word, const char *watch, const char *serve)
{
	int port = free_port(), client;
	struct superd *superd = run(port, word->option,
				    text_of("tcp4 nonblock bind=127.0.0.1:%d %s listen=5 %s=%s serve=%s", port, watch,
					    word->step, path_in("go"), serve));

	client = client_connect(port);
	client_send(client, "who\n");
	superd_wait_log(superd, "web: started");
	cr_expect(client_is_quiet(client, 500));
	cr_expect_eq(superd_log_count(superd, "web: started"), 1);
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
	struct superd *superd = run(port, line.option,
				    text_of("tcp4 nonblock bind=127.0.0.1:%d watch=edge listen=5 print-after=%s "
					    "serve=edge", port, path_in("go")));

	for (int n = 0; n < CLIENTS; n++) {
		clients[n] = client_connect(port);
		client_send(clients[n], "who\n");
	}
	superd_wait_log(superd, "web: started");
	cr_expect(client_is_quiet(clients[0], 300));
	write_file("go", "now");
	client_expect_all(clients, CLIENTS, " who");
	superd_stop(superd);
}
