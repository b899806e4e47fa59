/* A handshake that is under way when an instance ends, however far off its client is, ends well: the socket stays. */
#include "controlling.h"
#include "guarding.h"
#include "handshake.h"
#include "private.h"

#define PORT 7001
#define SERVICE "service web {\n listen = \"127.0.0.1:%d\"\n exec = \"%s\"\n user = \"%s\"\n %s\n}\n"

#define SKIP_WITHOUT_HANDSHAKES() \
	SKIP_WITHOUT(private_enter() && handshake_allowed(), "needs root, and a network of its own")

static const char *table(const char *user, const char *options)
{
	return text_of(SERVICE, PORT, backend("talk"), user, options);
}

static struct superd *run(void)
{
	struct superd *superd = controlled_run("%s", table(own_user(), ""));

	superd_port(superd, "web");
	return superd;
}

static void wait_end(struct superd *superd, long pid)
{
	superd_wait_log(superd, text_of("pid %ld ended", pid));
}

static void is_served(struct handshake *handshake, long but_not_by)
{
	const char *answer = handshake_finish(handshake, "far\n");

	cr_assert_not_null(answer, "it was reset\n%s", world_logs());
	cr_expect_not_null(strstr(answer, " far"), "%s", answer);
	cr_expect_neq(strtol(answer, NULL, 10), but_not_by);
}

static void order(const char *verb)
{
	const char *answer = control_once("%s --no-wait web", verb);

	cr_assert(control_is_done(answer), "%s\n%s", answer, world_logs());
}

static void outlasts(const char *verb)
{
	struct handshake *handshake;
	struct superd *superd;
	long pid;

	SKIP_WITHOUT_HANDSHAKES();
	superd = run();
	pid = client_ask_pid(PORT);
	handshake = handshake_begin(PORT);
	order(verb);
	wait_end(superd, pid);
	is_served(handshake, pid);
	superd_stop(superd);
}

Behaviour(handshakes, a_handshake_outlasts_a_stop)
{
	outlasts("stop");
}

Behaviour(handshakes, a_handshake_outlasts_a_restart)
{
	outlasts("restart");
}

Behaviour(handshakes, a_handshake_outlasts_a_drain)
{
	outlasts("drain");
}

static void upgrade(struct superd *superd)
{
	superd_signal(superd, SIGUSR2);
	superd_wait_log(superd, "superd: upgraded from ");
}

static void goes_over(void (*interrupt)(struct superd *superd))
{
	struct handshake *before, *during;
	struct superd *superd;
	long pid;

	SKIP_WITHOUT_HANDSHAKES();
	superd = guarded_run("%s", table(own_user(), ""));
	superd_port(superd, "web");
	pid = client_ask_pid(PORT);
	before = handshake_begin(PORT);
	order("drain");
	wait_end(superd, pid);
	interrupt(superd);
	during = handshake_begin(PORT);
	interrupt(superd);
	is_served(before, pid);
	is_served(during, pid);
	superd_stop(superd);
}

Behaviour(handshakes, a_handshake_goes_over_an_upgrade)
{
	goes_over(upgrade);
}

Behaviour(handshakes, a_handshake_goes_over_a_kill)
{
	goes_over(guarded_kill);
}

/* tests/bench/times measures whether the orders wait for handshakes. */
Behaviour(handshakes, serves_between_orders_that_follow_each_other)
{
	struct superd *superd;

	SKIP_WITHOUT_HANDSHAKES();
	superd = run();
	for (unsigned n = 0; n < 12; n++) {
		static const char *const orders[] = { "restart", "drain", "stop" };

		cr_assert_gt(client_ask_pid(PORT), 0);
		cr_assert(control_is_done(control_once("%s web", orders[n % 3])), "%s", world_logs());
	}
	superd_stop(superd);
}

/* With defer_accept the server's side of a handshake lasts until its client says something. */
Behaviour(handshakes, a_client_who_says_nothing_yet_outlasts_a_drain)
{
	struct handshake *handshake;
	struct superd *superd;
	long pid;

	SKIP_WITHOUT_HANDSHAKES();
	superd = controlled_clock_run("%s", table(own_user(), "defer_accept = 1min"));
	superd_port(superd, "web");
	cr_assert(control_is_done(control_once("start web")));
	pid = strtol(control_value(control_once("status web"), "pid"), NULL, 10);
	handshake = handshake_begin(PORT);
	handshake_confirm(handshake);
	order("drain");
	CLOCK_UNTIL(superd, SECOND_MS, 20, superd_logged(superd, text_of("pid %ld ended", pid)));
	is_served(handshake, pid);
	superd_stop(superd);
}
