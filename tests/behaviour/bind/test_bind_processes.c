/* Which process or thread of a program binds, and how it waits for its clients: epoll sets, workers, daemons. */
#include "binding.h"
#include "superctl.h"

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
	superd_expect_count(superd, "web: started", 1);
	superd_stop(superd);
}

/* ---- epoll ---- */

BehaviourOfBind(processes, one_after_it_is_as_good)
{
	expect_served("tcp4 nonblock bind=PORT watch=level listen=5 serve=level");
	expect_served("tcp4 nonblock bind=PORT listen=5 watch=edge serve=edge");
	expect_served("tcp4 nonblock bind=PORT listen=5 watch=once serve=once");
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
	expect_served("thread tcp4 nonblock bind=PORT listen=5 watch=edge serve=edge");
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
			   text_of("tcp4 nonblock bind=127.0.0.1:%d listen=5 watch=edge serve=edge", port)));
	superd_wait_log(superd, "web: listening on ");
	for (int n = 0; n < 3; n++)
		client_ask_pid(port);
}

/* ---- daemons ---- */

static void expect_daemon(const char *format)
{
	int port = free_port();
	struct superd *superd;
	long pid;

	SKIP_WITHOUT_GROUP_OF_DAEMON();
	superd = run(port, "type = forking", replaced(format, "PORT", text_of("127.0.0.1:%d", port)));
	pid = client_ask_pid(port);
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

BehaviourOfBind(processes, a_program_that_goes_into_the_background_is_named_and_stopped)
{
	static const char what[] =
		" is stopped; let it stay in the foreground (nginx: daemon off), or set type = forking";
	int port = free_port(), client;
	struct superd *superd = run(port, "backoff_min = 1h\n backoff_max = 1h",
				    text_of("tcp4 bind=127.0.0.1:%d listen=5 daemon serve=poll", port));
	const char *answer;

	client = client_connect(port);
	superd_wait_log(superd, "web: warning: its program went into the background: pid ");
	superd_wait_log(superd, what);
	superd_wait_log(superd, "next start in ");
	WAIT_UNTIL(superd_processes(superd) == 0);
	answer = why_of("web");
	cr_expect_not_null(strstr(answer, what), "%s", answer);
	answer = control_once("health");
	cr_expect_not_null(strstr(answer, "\"healthy\":false"), "%s", answer);
	cr_expect_not_null(strstr(answer, what), "%s", answer);
	close(client);
}

/* ---- readiness ---- */

/* superd takes no part in accept(2): a program that listens before it is ready says so to its clients itself. */
BehaviourOfBind(processes, a_program_that_is_not_ready_yet_has_its_clients)
{
	int port = free_port();
	struct superd *superd = run(port, "type = notify",
				    text_of("tcp4 nonblock bind=127.0.0.1:%d listen=5 ready-after=%s serve=edge", port,
					    path_in("go")));

	client_ask_pid(port);
	cr_expect_not_null(strstr(control_once("list web"), "starting"), "%s", control_once("list web"));
	write_file("go", "now");
	WAIT_UNTIL(strstr(control_once("list web"), "running"));
	superd_expect_count(superd, "web: started", 1);
}
