/* The line of starts: who starts now, who waits, and in which order. */
#include "superd/instance/start_queue.h"
#include "tests/unit/unit.h"

#define SERVICES 6

#define BUSY 4711                       /* pid of a start that wants a processor all the time */

static struct engine engine;
static struct start_queue queue;
static struct service_runtime *runtimes[SERVICES];
static const struct exec_options exec;

double __wrap_schedstat_demand(pid_t pid, bool *runs);
double __wrap_schedstat_demand(pid_t pid, bool *runs)
{
	*runs = pid == BUSY;
	return 0;
}

static void on_posted(struct ev_loop *loop, ev_prepare *watcher, int events)
{
	(void)loop, (void)watcher, (void)events;
}

static struct service_runtime *make_service(void)
{
	struct lifecycle_options *lifecycle = calloc(1, sizeof(*lifecycle));
	struct option_groups *groups = calloc(1, sizeof(*groups));
	struct service *service = calloc(1, sizeof(*service));
	struct service_runtime *runtime = calloc(1, sizeof(*runtime));

	lifecycle->timeout_start = 90000000;
	groups->lifecycle = lifecycle;
	*service = (struct service){ .name = "web", .exec = &exec, .groups = groups };
	runtime->engine = &engine;
	runtime->service = service;
	runtime->state = (struct service_state){ .sockets = SOCKETS_OPEN };
	cr_assert_not_null(runtime_make_run(runtime));
	return runtime;
}

static void begin(void)
{
	engine.loop = ev_loop_new(0);
	events_init(&engine, on_posted);
	queue.most = 2;
	start_queue_init(&engine, &queue);
	for (int n = 0; n < SERVICES; n++)
		runtimes[n] = make_service();
}

/* What runtime_event does. */
static bool start(struct service_runtime *runtime)
{
	bool starts = start_queue_take(runtime);

	runtime->state.run = starts ? RUN_STARTING : RUN_QUEUED;
	return starts;
}

/* Whether it is its turn. */
static bool is_called(struct service_runtime *runtime)
{
	unsigned char event;

	return events_take(&engine, &runtime->posted, &event) && event == ROOM;
}

TestSuite(start_queue, .init = begin);

Test(start_queue, gives_the_place_of_one_that_leaves_before_its_turn_to_the_next)
{
	cr_assert(start(runtimes[0]) && start(runtimes[1]));
	for (int n = 2; n < 5; n++)
		start(runtimes[n]);
	start_queue_leave(runtimes[0]);
	cr_expect(is_called(runtimes[2]));
	runtimes[2]->state.run = RUN_IDLE;              /* it is held in the same moment */
	start_queue_follow(runtimes[2]);
	cr_expect(is_called(runtimes[3]));
	cr_expect(start(runtimes[3]));
	cr_expect_eq(queue.waiting_count, 1);
	start_queue_leave(runtimes[2]);
	cr_expect_eq(queue.waiting_count, 1, "leaving twice is harmless");
}

Test(start_queue, is_over_in_every_state_but_of_a_start)
{
	for (int run = 0; run < RUN_STATES; run++) {
		cr_assert(start(runtimes[0]));
		runtimes[0]->state.run = (unsigned char)run;
		start_queue_follow(runtimes[0]);
		cr_expect_eq(queue.running_count, run == RUN_STARTING || run == RUN_RUNNING, "%d", run);
		start_queue_leave(runtimes[0]);
		cr_expect_eq(queue.running_count, 0);
	}
}

Test(start_queue, calls_nobody_while_an_upgrade_is_under_way)
{
	cr_assert(start(runtimes[0]) && start(runtimes[1]));
	start(runtimes[2]);
	engine.quiet = true;
	start_queue_leave(runtimes[0]);
	cr_expect_not(is_called(runtimes[2]));
	engine.quiet = false;
	start_queue_offer(&engine);
	cr_expect(is_called(runtimes[2]));
}

/* The second start waits for something else, the first one for a processor or works. */
Test(start_queue, a_start_that_wants_no_processor_gives_its_place_to_another, .timeout = 120)
{
	cr_assert(start(runtimes[0]) && start(runtimes[1]));
	start_queue_note_run(runtimes[0], BUSY);
	start_queue_note_run(runtimes[1], BUSY + 1);
	start(runtimes[2]);
	while (queue.running_count == 2)
		ev_run(engine.loop, EVRUN_ONCE);
	cr_expect_eq(runtimes[0]->run->start.stage, START_RUNS);
	cr_expect_eq(runtimes[1]->run->start.stage, START_NONE);
	cr_expect(is_called(runtimes[2]));
	runtimes[0]->run->start.until = 0;              /* it has had its time */
	while (queue.running_count)
		ev_run(engine.loop, EVRUN_ONCE);
}
