/* The clock that tests move: superd waits minutes and hours by it in moments, whatever becomes of superd meanwhile, and
 * is not woken before its time. */
#include <time.h>

#include "controlling.h"
#include "guarding.h"
#include "harness.h"

#define SERVE "service web {\n listen = \"127.0.0.1:0\"\n exec = \"%s\"\n user = \"%s\"\n %s\n}\n"

/* ---- the calls ---- */

static pid_t run_waiter(const char *way)
{
	const char *program = text_of("%s/waiter", getenv("SUPERD_TESTDIR"));
	pid_t pid;

	clock_prepare();
	pid = fork();
	if (pid == 0) {
		clock_enter();
		execl(program, program, way, NULL);
		_exit(93);
	}
	cr_assert(pid > 0);
	WAIT_UNTIL(clock_has_waiter(pid));
	return pid;
}

static bool has_ended(pid_t pid, int *status)
{
	return waitpid(pid, status, WNOHANG) == pid;
}

/* Steps that are too short, and one by another way, do not end the wait. */
static void expect_an_hour(const char *way)
{
	pid_t pid = run_waiter(way);
	int status = -1;

	for (int n = 0; n < 3; n++) {
		clock_move(19 * MINUTE_MS);
		clock_set_wall(HOUR_MS);
		WAIT_UNTIL(clock_has_waiter(pid));
		cr_assert_not(has_ended(pid, &status), "%s: ended after %d min", way, (n + 1) * 19);
	}
	clock_move(4 * MINUTE_MS);
	WAIT_UNTIL(has_ended(pid, &status));
	cr_expect_eq(status, 0, "%s: %d", way, status);
}

Behaviour(clock, every_call_that_waits_ends_by_it)
{
	static const char *const ways[] = { "epoll",	    "poll",    "ppoll",	    "nanosleep",
					    "sigtimedwait", "timerfd", "condition", "thread" };

	for (size_t n = 0; n < sizeof(ways) / sizeof(*ways); n++)
		expect_an_hour(ways[n]);
}

Behaviour(clock, another_signal_interrupts_as_ever)
{
	pid_t pid = run_waiter("signal");
	int status = -1;

	WAIT_UNTIL((kill(pid, SIGUSR1), has_ended(pid, &status)));
	cr_expect_eq(status, 0);
}

/* ---- superd ---- */

static bool is_stopped(struct superd *superd)
{
	return superd_logged(superd, "web: stopping pid ");
}

static void expect_idle_stop(struct superd *superd)
{
	size_t before = superd_log_count(superd, "web: stopping pid ");
	long first = client_ask_pid(superd_port(superd, "web"));

	clock_advance(superd, 4 * MINUTE_MS);
	cr_assert_eq(superd_log_count(superd, "web: stopping pid "), before, "%s", world_logs());
	CLOCK_UNTIL(superd, 30 * SECOND_MS, 20, superd_log_count(superd, "web: stopping pid ") > before);
	WAIT_UNTIL(superd_processes(superd) == 0);
	cr_expect_neq(client_ask_pid(superd_port(superd, "web")), first);
}

/* The user that superd itself is; process 1 is root of its own. */
static struct superd *run_idle(const struct setup *setup)
{
	const char *user = setup->pid1 ? "root" : setup->uid ? text_of("%u", setup->uid) : own_user();

	return superd_run_with(setup, SERVE, backend("serve"), user, "idle_timeout = 5min");
}

Behaviour(clock, a_backend_is_idle_for_five_minutes)
{
	struct superd *superd = run_idle(&(struct setup){ .clock = true });

	expect_idle_stop(superd);
}

Behaviour(clock, one_is_frozen_after_an_hour_and_thaws)
{
	struct superd *superd =
		clock_run(SERVE, backend("serve"), own_user(), "idle_timeout = 1h\n idle_action = freeze");
	int port = superd_port(superd, "web");
	long pid = client_ask_pid(port);

	for (int n = 0; n < 2; n++) {
		clock_advance(superd, 59 * MINUTE_MS);
		superd_expect_count(superd, "is frozen until a client connects", (size_t)n);
		CLOCK_UNTIL(superd, 5 * MINUTE_MS, 20,
			    superd_log_count(superd, "is frozen until a client") > (size_t)n);
		cr_expect_eq(client_ask_pid(port), pid);
	}
}

Behaviour(clock, two_pauses_of_a_minute_lie_between_three_starts)
{
	struct superd *superd =
		clock_run(SERVE, backend("exit 1"), own_user(), "backoff_min = 60s\n backoff_max = 60s");
	int client = client_connect(superd_port(superd, "web"));

	for (size_t n = 1; n <= 3; n++) {
		superd_expect_count(superd, "web: started", n);
		superd_expect_count(superd, "next start in", n);
		clock_advance(superd, 20 * SECOND_MS);
		superd_expect_count(superd, "web: started", n);
		clock_advance(superd, 2 * MINUTE_MS);
	}
	close(client);
}

Behaviour(clock, a_start_has_ten_minutes)
{
	struct superd *superd =
		clock_run(SERVE, backend("serve"), own_user(),
			  "type = notify\n timeout_start = 10min\n backoff_min = 1h\n backoff_max = 1h");
	int client = client_connect(superd_port(superd, "web"));

	superd_wait_log(superd, "web: started");
	clock_advance(superd, 9 * MINUTE_MS);
	cr_expect_not(superd_logged(superd, "timeout_start"), "%s", world_logs());
	clock_advance(superd, 62 * SECOND_MS);
	superd_wait_log(superd, "timeout_start");
	close(client);
}

/* ---- whatever becomes of superd ---- */

Behaviour(clock, an_upgrade_keeps_it)
{
	struct superd *superd = run_idle(&(struct setup){ .clock = true });
	long first = client_ask_pid(superd_port(superd, "web"));

	clock_advance(superd, 4 * MINUTE_MS);
	superd_upgrade(superd);
	clock_advance(superd, 50 * SECOND_MS);
	cr_assert_not(is_stopped(superd), "%s", world_logs());
	CLOCK_UNTIL(superd, 30 * SECOND_MS, 20, is_stopped(superd));
	WAIT_UNTIL(superd_processes(superd) == 0);
	cr_expect_neq(client_ask_pid(superd_port(superd, "web")), first);
	expect_idle_stop(superd);
}

Behaviour(clock, the_next_superd_of_a_guard_has_it)
{
	const char *arguments[] = { "--guard", "--control", control_path(), NULL };
	struct superd *superd = run_idle(&(struct setup){ .clock = true, .arguments = arguments });

	expect_idle_stop(superd);
	clock_settle(superd); /* it knows that its backend runs */
	guarded_kill(superd);
	expect_idle_stop(superd);
	superd_upgrade(superd);
	expect_idle_stop(superd);
}

Behaviour(clock, process_1_of_a_namespace_has_it)
{
	struct superd *superd;

	SKIP_WITHOUT(namespace_allowed(), "namespaces are not allowed here");
	superd = run_idle(&(struct setup){ .clock = true, .pid1 = true });
	expect_idle_stop(superd);
	superd_upgrade(superd);
	expect_idle_stop(superd);
}

Behaviour(clock, it_takes_no_descriptor)
{
	struct superd *superd = run_idle(&(struct setup){ .clock = true, .descriptors = 40 + OWN_PROGRAMS });

	expect_idle_stop(superd);
}

BehaviourOfUsers(clock, an_ordinary_user_has_it)
{
	struct superd *superd = run_idle(&(struct setup){ .clock = true, .uid = geteuid() ? 0 : 65534 });

	expect_idle_stop(superd);
}

/* ---- wake-ups ---- */

Behaviour(clock, a_step_alone_wakes_nobody)
{
	struct superd *superd = clock_run(SERVE, backend("talk"), own_user(), "idle_timeout = 1h");
	int client = client_connect(superd_port(superd, "web"));

	client_send(client, "here\n");
	client_line(client);
	clock_advance(superd, MINUTE_MS);
	clock_expect_wakes(superd, MINUTE_MS, 30, 0);
	close(client);
}

/* How far its time of day is ahead, in hours, and its environment. */
static long long hours_ahead(struct superd *superd, const char **said)
{
	int client = client_connect(superd_port(superd, "web"));

	*said = client_rest(client);
	close(client);
	return (strtoll(strstr(*said, "now=") + 4, NULL, 10) - time(NULL) + 1800) / 3600;
}

static void expect_ahead(const char *options, long hours)
{
	struct superd *superd = clock_run("service web {\n listen = \"127.0.0.1:0\"\n accept = yes\n user = \"%s\"\n"
					  " exec = \"/bin/sh -c 'env; date +now=%%%%s'\"\n %s\n}\n",
					  own_user(), options);
	const char *said;

	clock_advance(superd, 24LL * HOUR_MS);
	cr_expect_eq(hours_ahead(superd, &said), hours, "%s", said);
	cr_expect_eq(!strstr(said, "TEST_CLOCK"), !hours, "%s", said);
	cr_expect_eq(!strstr(said, "LD_PRELOAD"), !hours, "%s", said);
	superd_stop(superd);
}

Behaviour(clock, a_backend_does_not_inherit_it)
{
	expect_ahead("", 0);
}

Behaviour(clock, a_table_can_pass_it_on)
{
	expect_ahead("passenv = " CLOCK_PASSED, 24);
}
