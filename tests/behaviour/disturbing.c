/* The disturbances, and the bursts between them. The hard thing is what may be refused by right: what does not
 * run can't be drained or frozen, and what is not at rest is upgraded the next time. All else has to be done,
 * and no client lost. */
#include "disturbing.h"

#include <time.h>

#include "superctl.h"

#define SERVICE "service %s {\n listen = \"%s\"\n exec = \"%s\"\n timeout_stop = 10s\n %s\n}\n"

static unsigned draw(struct world *world, unsigned below)
{
	return (unsigned)rand_r(&world->seed) % below;
}

static size_t connections_wanted(const struct world *world)
{
	const char *given = getenv("NOLOSS_CONNECTIONS");
	size_t wanted = world->clients ? world->clients : 2000;

	if (given)
		return strtoul(given, NULL, 10);
	return running_sanitized() ? wanted / 5 : wanted;
}

static void sleep_ms(unsigned milliseconds)
{
	const struct timespec time = { .tv_sec = milliseconds / 1000, .tv_nsec = milliseconds % 1000 * 1000000L };

	nanosleep(&time, NULL);
}

/* What the n-th reload brings: rows changed in how they run or not, and services that come and go. */
static const char *table_of(const struct world *world, unsigned n)
{
	const char *text = "";

	for (size_t i = 0; i < world->count; i++) {
		const char *other = world->other_options ? world->other_options : "nice = 1";
		const char *more = n % 2 ? other : "backlog = 1000";

		text = text_of("%s" SERVICE, text, world->places[i].name, world->places[i].endpoint, world->backend,
			       text_of("%s\n %s", world->options, more));
	}
	return n % 3 ? text : text_of("%s" SERVICE, text, text_of("extra%u", n), "127.0.0.1:0", world->backend, "");
}

static void take_seed(struct world *world)
{
	const char *given = getenv("NOLOSS_SEED");

	world->seed = given ? (unsigned)strtoul(given, NULL, 10) : (unsigned)time(NULL) ^ (unsigned)getpid();
	fprintf(stderr, "NOLOSS_SEED=%u\n", world->seed);
}

struct world world_of(const char *program, const char *options)
{
	struct world world = { .backend = program, .options = options, .count = geteuid() == 0 ? 3 : 2 };
	int tcp = free_port(), dual;

	do
		dual = free_port();
	while (dual == tcp);
	world.places[0] = (struct place){ "tcp", text_of("127.0.0.1:%d", tcp), { .port = tcp } };
	world.places[1] = (struct place){ "dual", text_of("%d", dual), { .port = dual } };
	world.places[2] = (struct place){ "local", path_in("local.sock"), { .path = path_in("local.sock") } };
	take_seed(&world);
	return world;
}

struct world world_at(const struct place *place, const char *program, const char *options)
{
	struct world world = { .backend = program, .options = options, .places = { *place }, .count = 1 };

	take_seed(&world);
	return world;
}

static void begin(struct world *world)
{
	world->superd = controlled_run("%s", table_of(world, 0));
	for (size_t n = 0; n < world->count; n++)
		superd_wait_log(world->superd, ": listening on ");
	if (world->begins)
		superd_wait_log(world->superd, world->begins);
	close(control_connect());
}

static void add(struct tally *sum, const struct tally *tally)
{
	sum->served += tally->served;
	sum->refused += tally->refused;
	sum->reset += tally->reset;
	sum->unanswered += tally->unanswered;
	sum->wrong += tally->wrong;
}

static void order(const struct world *world, const char *verb, const char *name)
{
	const char *answer = control_once("%s %s", verb, name);

	cr_assert(control_is_done(answer), "%s %s: %s\n%s", verb, name, answer, world_logs());
	(void)world;
}

static const char *any_place(struct world *world)
{
	return world->places[draw(world, (unsigned)world->count)].name;
}

void do_nothing(struct world *world)
{
	sleep_ms(draw(world, 5));
}

void upgrade_by_signal(struct world *world)
{
	size_t before = superd_log_count(world->superd, "superd: upgraded from ");

	superd_signal(world->superd, SIGUSR2);
	WAIT_UNTIL(superd_log_count(world->superd, "superd: upgraded from ") > before);
}

void order_upgrade(struct world *world)
{
	SUPERCTL(control_path(), "upgrade");        /* what is not at rest for the moment is upgraded the next time */
	(void)world;
}

void order_hold(struct world *world)
{
	const char *name = any_place(world);

	order(world, "hold", name);
	sleep_ms(draw(world, 20));
	order(world, "release", name);
}

void order_restart(struct world *world)
{
	order(world, draw(world, 2) ? "restart" : "restart --no-wait", any_place(world));
}

void order_stop(struct world *world)
{
	order(world, draw(world, 2) ? "stop" : "stop --no-wait", any_place(world));
}

/* What does not run can't be drained or frozen, and superd says so: no loss either. */
void order_drain(struct world *world)
{
	const char *name = any_place(world);

	control_once("drain --no-wait %s", name);
	sleep_ms(draw(world, 20));
	order(world, "release", name);
}

void order_freeze(struct world *world)
{
	const char *name = any_place(world);

	control_once("freeze %s", name);
	sleep_ms(draw(world, 10));
	control_once("thaw %s", name);
}

void order_reload(struct world *world)
{
	cr_assert(superd_reload(world->superd, "%s", table_of(world, ++world->reloads)), "%s", world_logs());
}

static void burst(struct world *world, disturb *const *disturbances, unsigned count)
{
	struct load *loads[PLACES_MOST];

	for (size_t n = 0; n < world->count; n++) {
		struct load_plan plan = world->places[n].plan;

		plan.threads = 1 + draw(world, 8);
		plan.connections = 1 + draw(world, world->most ? world->most : 40);
		loads[n] = load_start(&plan);
	}
	for (unsigned n = draw(world, 3); n > 0; n--)
		disturbances[draw(world, count)](world);
	for (size_t n = 0; n < world->count; n++) {
		struct tally tally = load_wait(loads[n]);

		add(&world->sum, &tally);
		tally_expect_all_served(&tally);
	}
}

void see_no_loss(struct world *world, disturb *const *disturbances, unsigned count)
{
	size_t wanted = connections_wanted(world);

	begin(world);
	while (world->sum.served < wanted) {
		burst(world, disturbances, count);
		if (draw(world, 3))
			sleep_ms(draw(world, 3 * IDLE_MS));
	}
	fprintf(stderr,
		"noloss: %s/%s: %zu served, 0 lost; %zu stops, %zu freezes, %zu upgrades, %zu reloads, %zu starts\n",
		criterion_current_test->category, criterion_current_test->name, world->sum.served,
		superd_log_count(world->superd, ": stopping pid "),
		superd_log_count(world->superd, " is frozen"),
		superd_log_count(world->superd, "superd: upgraded from "),
		superd_log_count(world->superd, "superd: reloaded"),
		superd_log_count(world->superd, ": started, pid "));
	superd_stop(world->superd);
}

const char *idling(const char *action)
{
	return text_of("idle_timeout = %dms\n idle_action = %s", IDLE_MS, action);
}
