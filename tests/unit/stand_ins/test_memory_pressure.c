/* What happens when memory is short: whether it is, who goes first, and which starts wait. The sensor is the test's. */
#include "lib/clock.h"
#include "superd/instance/instance.h"
#include "superd/instance/service_list.h"
#include "superd/instance/start_queue.h"
#include "superd/stop/idle.h"
#include "superd/stop/idle_internal.h"
#include "superd/stop/memory_pressure.h"
#include "tests/unit/own_clock.h"
#include "tests/unit/unit.h"

#define SERVICES 4
#define MIB (1ll << 20)

static struct lifecycle_options lifecycles[SERVICES];
static const struct exec_options exec_options = { .accept = false };
static struct option_groups groups[SERVICES];
static const struct endpoint endpoint = { .kind = ENDPOINT_TCP };
static struct listen listens[] = { { .endpoint = &endpoint, .address = &endpoint } };
static struct service services[SERVICES];
static struct service_runtime runtimes[SERVICES], *list[SERVICES], waiting;
static struct service_list service_list = { .runtimes = list, .count = SERVICES };
static struct instances instances = { .count = 10 };
static struct start_queue queue = { .most = 4 };
static struct memory_pressure pressure;
static struct engine engine = { .service_list = &service_list, .instances = &instances };
static struct memory_room group;
static struct service_runtime *hurried[8];
static size_t hurries, looks;

void __wrap_memory_sensor_read(const struct memory_sensor *sensor, struct memory_room *of_group,
			       struct memory_room *of_machine);
void __wrap_idle_hurry(struct service_runtime *runtime);

void __wrap_memory_sensor_read(const struct memory_sensor *sensor, struct memory_room *of_group,
			       struct memory_room *of_machine)
{
	(void)sensor;
	looks++;
	*of_group = group;
	*of_machine = (struct memory_room){ 0 };
}

/* It counts its clients, finds none, and goes. */
void __wrap_idle_hurry(struct service_runtime *runtime)
{
	cr_assert_lt(hurries, sizeof(hurried) / sizeof(*hurried));
	hurried[hurries++] = runtime;
	runtime->run->idle->phase = IDLE_GOES;
}

static void on_posted(struct ev_loop *loop, ev_prepare *watcher, int events)
{
	(void)loop, (void)watcher, (void)events;
}

static struct idle *idle_of(int n)
{
	return runtimes[n].run->idle;
}

/* Four services that run, unused for 10, 20, 30 and 40 seconds. */
static void set_up(void)
{
	const char *why;

	list_init(&service_list.wanting);
	engine.loop = ev_loop_new(0);
	engine.log = log_open("file:/dev/null", false, LEVEL_ERROR, &why);
	events_init(&engine, on_posted);
	start_queue_init(&engine, &queue);
	memory_pressure_init(&engine, &pressure);
	pressure.sensor = (struct memory_sensor){ .is_open = true, .events = -1, .level = -1, .pressure = { -1, -1 } };
	for (int n = 0; n < SERVICES; n++) {
		lifecycles[n] = (struct lifecycle_options){ .idle_timeout = 60000000, .timeout_start = 90000000,
							     .sleep_under_pressure = true };
		groups[n].lifecycle = &lifecycles[n];
		services[n] = (struct service){ .name = "web", .exec = &exec_options, .groups = &groups[n],
						.sockets = listens, .socket_count = 1 };
		runtimes[n] = (struct service_runtime){ .engine = &engine, .service = &services[n],
							.state = { .sockets = SOCKETS_OPEN, .run = RUN_RUNNING } };
		list[n] = &runtimes[n];
		cr_assert_not_null(runtime_make_run(&runtimes[n]));
		runtimes[n].run->idle = calloc(1, sizeof(struct idle));
		idle_of(n)->runtime = &runtimes[n];
		idle_of(n)->phase = IDLE_NO_CLIENTS;
		idle_of(n)->since = clock_now() - 10 * (n + 1);
	}
	waiting = (struct service_runtime){ .engine = &engine, .service = &services[0],
					    .state = { .sockets = SOCKETS_OPEN } };
	cr_assert_not_null(runtime_make_run(&waiting));
}

TestSuite(memory_pressure, .init = set_up, .timeout = 120);

static bool is_short(int64_t total, int64_t used, unsigned starting, size_t count)
{
	const struct memory_room room = { total * MIB, used * MIB }, none = { 0 };

	return memory_is_short(&room, &none, starting, count);
}

Test(memory_pressure, is_there_when_less_is_left_than_the_starts_may_need)
{
	const struct memory_room none = { 0 }, machine = { 16000 * MIB, 15000 * MIB }, full = { 16000 * MIB,
												 15500 * MIB };

	cr_expect_not(is_short(300, 200, 1, 20), "10 MiB each, and 100 are left");
	cr_expect(is_short(300, 200, 11, 20));
	cr_expect(is_short(80, 62, 2, 3), "20 MiB each, and 18 are left for the first of two");
	cr_expect_not(is_short(80, 42, 2, 2), "one of the two may have its memory already");
	cr_expect(is_short(300, 295, 1, 2000), "little is left, however little each needs");
	cr_expect_not(is_short(300, 200, 1, 1), "one that has most of it says nothing of the next");
	cr_expect_not(is_short(0, 200, 1, 1), "nobody has a limit");
	cr_expect_not(memory_is_short(&none, &machine, 100, 1), "what others of the machine have says nothing, either");
	cr_expect(memory_is_short(&none, &full, 1, 1));
}

Test(memory_pressure, has_the_one_go_first_that_was_unused_for_longest)
{
	cr_expect_eq(memory_pressure_choose(&engine), &runtimes[3]);
	lifecycles[3].sleep_under_pressure = false;
	cr_expect_eq(memory_pressure_choose(&engine), &runtimes[2]);
	idle_of(2)->phase = IDLE_HAS_CLIENTS;
	cr_expect_eq(memory_pressure_choose(&engine), &runtimes[1]);
	lifecycles[1].idle_action = IDLE_FREEZE;
	cr_expect_eq(memory_pressure_choose(&engine), &runtimes[0], "it would keep its memory");
	lifecycles[1].freeze_reclaim = true;
	cr_expect_eq(memory_pressure_choose(&engine), &runtimes[1]);
	runtimes[1].run->stats.last_start = clock_now();
	lifecycles[1].min_awake = 5000000;
	cr_expect_eq(memory_pressure_choose(&engine), &runtimes[0]);
	lifecycles[0].idle_action = IDLE_REPORT;
	cr_expect_null(memory_pressure_choose(&engine));
	idle_of(2)->phase = IDLE_NOT_COUNTED;           /* its last connection has closed lately */
	idle_of(2)->last_closed = clock_now() - 1;
	cr_expect_eq(memory_pressure_choose(&engine), &runtimes[2]);
	idle_of(2)->reason = STOP_MEMORY;
	cr_expect_null(memory_pressure_choose(&engine), "it is told already");
}

/* A start comes, with so much of 300 MiB in use. true: it may begin. */
static bool start_with(int64_t used)
{
	group = (struct memory_room){ 300 * MIB, used * MIB };
	memory_pressure_look(&engine);
	return start_queue_take(&waiting);
}

static void run_until(bool (*condition)(void))
{
	while (!condition()) {
		own_clock_advance(.01);
		ev_run(engine.loop, EVRUN_NOWAIT);
	}
}

static bool has_room(void)
{
	return !queue.held;
}

static bool is_called(void)
{
	return events_posted(&waiting.posted) > 0;
}

static bool is_first_called(void)
{
	return hurries == 1;
}

static bool is_second_called(void)
{
	return hurries == 2;
}

static bool has_looked_twice(void)
{
	return looks >= 3;              /* the first one is that of the start */
}

Test(memory_pressure, lets_a_start_wait_until_one_has_gone)
{
	cr_expect(start_with(100));
	start_queue_leave(&waiting);
	cr_expect_eq(hurries, 0);
	cr_expect_not(start_with(290));
	cr_expect_eq(hurries, 1);
	cr_expect_eq(hurried[0], &runtimes[3]);
	cr_expect_not(is_called());
	group.used = 250 * MIB;
	run_until(has_room);
	cr_expect(is_called());
	cr_expect_eq(hurries, 1, "no more go than needed");
	cr_expect(start_queue_take(&waiting));
}

Test(memory_pressure, has_one_go_after_another)
{
	double since = clock_now();

	cr_expect_not(start_with(290));
	run_until(is_second_called);
	cr_expect_geq(clock_now() - since, .09);
	cr_expect_eq(hurried[1], &runtimes[2]);
}

/* The kernel reports that tasks wait for memory, and a start is under way, with room for one. */
Test(memory_pressure, expects_no_further_start_where_none_waits)
{
	group = (struct memory_room){ 300 * MIB, 255 * MIB };
	memory_pressure_look(&engine);
	cr_assert(start_queue_take(&waiting));
	cr_assert_eq(queue.running_count, 1);
	pressure.watch.ready(&pressure.watch, true, false);
	cr_expect_not(queue.held, "26 MiB each, and 45 are left");
	group.used = 280 * MIB;
	pressure.watch.ready(&pressure.watch, true, false);
	cr_expect(queue.held);
}

Test(memory_pressure, waits_for_one_that_ends)
{
	runtimes[0].state.run = RUN_STOPPING;
	runtimes[0].since = clock_now();
	cr_expect_not(start_with(290));
	run_until(has_looked_twice);
	cr_expect_eq(hurries, 0, "its memory still counts");
	runtimes[0].since -= 1;
	run_until(is_first_called);
	cr_expect_eq(hurried[0], &runtimes[3]);
}

/* Whoever fills the memory, others do not pay for it. */
Test(memory_pressure, delays_no_start_where_nothing_can_go)
{
	for (int n = 0; n < SERVICES; n++)
		idle_of(n)->phase = IDLE_HAS_CLIENTS;
	for (int n = 0; n < 3; n++) {
		cr_expect(start_with(290));
		start_queue_leave(&waiting);
	}
	cr_expect_eq(queue.delayed, 0);
}

/* It takes its second once. Its next backends are told to go like all others, and nobody waits for them. */
Test(memory_pressure, waits_once_for_a_service_that_takes_long_to_go)
{
	for (int n = 1; n < SERVICES; n++)
		idle_of(n)->phase = IDLE_HAS_CLIENTS;
	cr_expect_not(start_with(290));
	cr_expect_eq(hurried[0], &runtimes[0]);
	idle_of(0)->entered = clock_now();
	run_until(is_called);
	cr_expect(start_queue_take(&waiting));
	start_queue_leave(&waiting);
	runtimes[0].state.run = RUN_STOPPING;
	runtimes[0].since = clock_now();
	cr_expect(start_with(290));
	start_queue_leave(&waiting);
	runtimes[0].state.run = RUN_RUNNING;
	idle_of(0)->phase = IDLE_NO_CLIENTS;
	cr_expect(start_with(290));
	cr_expect_eq(hurries, 2);
}
