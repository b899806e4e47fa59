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

/* superd names the daemon that the program has left: in the log, in why and in health. Its clients start no other.
 * Returns its pid. */
static long expect_background(struct superd *superd, int port)
{
	static const char is[] = "its program went into the background: pid ";
	const char *what, *health, *why;
	long pid = client_ask_pid(port);

	superd_wait_log(superd, text_of("web: warning: %s", is));
	why = why_of("web");
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
	const char *answer = superctl_order("stop web");

	cr_expect_str_eq(answer, "web: stopped; it listens, and the next client starts it again\n");
	cr_expect_not(process_lives((pid_t)pid), "%s", answer);
	answer = why_of("web");
	cr_expect_not_null(strstr(answer, "nothing runs"), "%s\n%s", answer, world_logs());
	cr_expect_not_null(strstr(control_once("health"), "\"degraded\":false"));
	cr_expect_neq(client_ask_pid(port), pid);
}

BehaviourOfBind(processes, a_client_starts_the_program_again_when_it_has_ended)
{
	int port = free_port();
	struct superd *superd = run_background(port, "");
	long pid = expect_background(superd, port);

	kill((pid_t)pid, SIGKILL);
	cr_expect_neq(client_ask_pid(port), pid);
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
}

BehaviourOfBind(processes, a_stop_reports_what_kill_mode_spares)
{
	int port = free_port();
	struct superd *superd = run_background(port, "kill_mode = none");
	long pid = expect_background(superd, port);
	const char *answer = superctl_order("stop web");

	cr_expect_not_null(strstr(answer, text_of("pid %ld, which its program has left in the background, still runs",
						  pid)), "%s", answer);
	cr_expect(process_lives((pid_t)pid));
	kill((pid_t)pid, SIGKILL);
}

BehaviourOfBind(processes, an_upgrade_still_knows_it)
{
	int port = free_port();
	struct superd *superd = run_background(port, "");
	long pid = expect_background(superd, port);

	cr_assert_eq(SUPERCTL(control_path(), "upgrade").status, 0);
	WAIT_UNTIL(strstr(why_of("web"), text_of("pid %ld still has ", pid)));
	cr_assert(control_is_done(control_once("stop web")));
	cr_expect_not(process_lives((pid_t)pid));
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
