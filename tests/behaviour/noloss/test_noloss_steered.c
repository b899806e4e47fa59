/* The first promise once more, while an operator steers: holds, releases, drains, stops, restarts and reloads come at
 * random under load, and no client may be refused, reset or left without its answer. The seed is in the test's log;
 * NOLOSS_SEED has it go the same way again, as far as the machine does, and NOLOSS_ROUNDS says how many orders there
 * are. The backends serve whom they have accepted before they end, so whatever is lost is superd's. */
#include <time.h>

#include "controlling.h"
#include "load.h"

#define SERVICE "service web {\n listen = \"%s\"\n exec = \"%s\"\n timeout_stop = 10s\n%s\n}\n"

struct steering {
	struct superd *superd;
	int operator;
	unsigned seed;
	const char *(*table)(unsigned n);
	unsigned reloads;
};

static unsigned draw(struct steering *steering, unsigned below)
{
	return (unsigned)rand_r(&steering->seed) % below;
}

static void order(struct steering *steering, const char *verb)
{
	const char *answer = control_ask(steering->operator, "%s web", verb);

	cr_assert(control_is_done(answer), "%s: %s\n%s", verb, answer, world_logs());
}

static void order_hold(struct steering *steering)
{
	order(steering, "hold");
	for (unsigned n = draw(steering, 8); n > 0; n--)
		pause_a_moment();
	order(steering, "release");
}

static void order_replacement(struct steering *steering)
{
	order(steering, "hold");
	order(steering, "stop");
	order(steering, "release");
}

static void order_restart(struct steering *steering)
{
	order(steering, draw(steering, 2) ? "restart" : "restart --no-wait");
}

static void order_stop(struct steering *steering)
{
	order(steering, draw(steering, 2) ? "stop" : "stop --no-wait");
}

/* What has ended just now can't be drained, and superd says so; that's no loss either. */
static void order_drain(struct steering *steering)
{
	control_ask(steering->operator, "drain --no-wait web");
	for (unsigned n = draw(steering, 4); n > 0; n--)
		pause_a_moment();
	order(steering, "release");
}

static void order_reload(struct steering *steering)
{
	cr_assert(superd_reload(steering->superd, "%s", steering->table(steering->reloads++)), "%s", world_logs());
}

typedef void disturb(struct steering *steering);

static struct steering begin(struct superd *superd, const char *(*table)(unsigned n))
{
	const char *given = getenv("NOLOSS_SEED");
	struct steering steering = { .superd = superd, .table = table, .operator = control_connect() };

	steering.seed = given ? (unsigned)strtoul(given, NULL, 10) : (unsigned)time(NULL) ^ (unsigned)getpid();
	fprintf(stderr, "NOLOSS_SEED=%u\n", steering.seed);
	return steering;
}

static void see_no_loss(struct steering *steering, const struct load_plan *plan, disturb *const *disturbances,
			unsigned count)
{
	struct load *load = load_start(plan);
	const char *wanted = getenv("NOLOSS_ROUNDS");
	unsigned rounds = wanted ? (unsigned)strtoul(wanted, NULL, 10) : running_sanitized() ? 30 : 150;
	struct tally tally;

	for (unsigned n = 0; n < rounds; n++) {
		size_t before = load_progress(load);

		disturbances[draw(steering, count)](steering);
		WAIT_UNTIL(load_progress(load) > before);
	}
	tally = load_stop(load);
	tally_expect_all_served(&tally);
	cr_assert_geq(tally.served, rounds);
	close(steering->operator);
	superd_stop(steering->superd);
}

static const char *endpoint;

static const char *handing_over(unsigned n)
{
	return text_of(SERVICE, endpoint, backend("-d 2 few 1000000"), n % 2 ? "nice = 1" : "backlog = 1000");
}

static const char *accepting(unsigned n)
{
	return text_of(SERVICE, endpoint, backend("-d 2 stdio"), n % 2 ? "accept = yes\n nice = 1" : "accept = yes");
}

static disturb *const all[] = { order_hold, order_replacement, order_restart, order_stop, order_drain, order_reload };

Behaviour(steered, a_backend_that_has_the_socket)
{
	int port = free_port();
	const struct load_plan plan = { .port = port, .threads = 16 };
	struct steering steering;

	endpoint = text_of("127.0.0.1:%d", port);
	steering = begin(controlled_run("%s", handing_over(0)), handing_over);
	see_no_loss(&steering, &plan, all, sizeof(all) / sizeof(*all));
}

Behaviour(steered, a_backend_that_has_a_unix_socket)
{
	const struct load_plan plan = { .path = path_in("web.sock"), .threads = 16 };
	struct steering steering;

	endpoint = plan.path;
	steering = begin(controlled_run("%s", handing_over(0)), handing_over);
	see_no_loss(&steering, &plan, all, sizeof(all) / sizeof(*all));
}

/* It leaves clients behind in its queue, again and again, in the midst of what the operator does. */
static const char *ending_by_itself(unsigned n)
{
	return text_of(SERVICE, endpoint, backend("-d 1 few 7"),
		       n % 2 ? "nice = 1\n on_change = drain" : "on_change = drain");
}

Behaviour(steered, a_backend_that_ends_by_itself)
{
	int port = free_port();
	const struct load_plan plan = { .port = port, .threads = 16 };
	struct steering steering;

	endpoint = text_of("127.0.0.1:%d", port);
	steering = begin(controlled_run("%s", ending_by_itself(0)), ending_by_itself);
	see_no_loss(&steering, &plan, all, sizeof(all) / sizeof(*all));
}

Behaviour(steered, a_backend_of_a_unix_socket_that_ends_by_itself)
{
	const struct load_plan plan = { .path = path_in("web.sock"), .threads = 16 };
	struct steering steering;

	endpoint = plan.path;
	steering = begin(controlled_run("%s", ending_by_itself(0)), ending_by_itself);
	see_no_loss(&steering, &plan, all, sizeof(all) / sizeof(*all));
}

/* A stop of such a service ends its clients: they are its instances. */
Behaviour(steered, a_process_for_each_connection)
{
	static disturb *const gentle[] = { order_hold, order_drain, order_reload };
	int port = free_port();
	const struct load_plan plan = { .port = port, .threads = 16 };
	struct steering steering;

	endpoint = text_of("127.0.0.1:%d", port);
	steering = begin(controlled_run("%s", accepting(0)), accepting);
	see_no_loss(&steering, &plan, gentle, sizeof(gentle) / sizeof(*gentle));
}
