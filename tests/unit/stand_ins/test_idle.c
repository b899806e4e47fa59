/* What counts of clients lead to. The kernel is the test's: it says when a count is done and what it found. */
#include "lib/clock.h"
#include "superd/stop/close_events.h"
#include "superd/stop/service_clients.h"
#include "superd/instance/instance.h"
#include "superd/instance/service_list.h"
#include "superd/stop/idle.h"
#include "superd/stop/idle_internal.h"
#include "tests/unit/own_clock.h"
#include "tests/unit/unit.h"

static struct lifecycle_options lifecycle = { .idle_timeout = 100000000, .idle_action = IDLE_REPORT, .idle_cpu = -1 };
static const struct command_options commands;
static const struct exec_options exec_options = { .accept = false };
static const struct option_groups groups = { .lifecycle = &lifecycle, .commands = &commands };
static const struct endpoint endpoint = { .kind = ENDPOINT_TCP };
static struct listen listens[] = { { .endpoint = &endpoint, .address = &endpoint } };
static const struct service service = {
	.name = "web", .exec = &exec_options, .groups = &groups, .sockets = listens, .socket_count = 1,
};
static struct service_list service_list;
static struct engine engine = { .service_list = &service_list };
static struct table table = { .users = 1 };
static struct instance instance;
static struct service_runtime runtime;
static unsigned asked;                  /* counts that were begun */
static double cpu;                      /* processor time that the instance has used */

bool __wrap_service_clients_count(struct service_clients *clients, pid_t *pids);
bool __wrap_close_events_is_possible(struct engine *ignored);
void __wrap_close_events_begin(struct close_listener *listener, struct engine *ignored);
void __wrap_close_events_read(struct engine *ignored);
double __wrap_instance_cpu(const struct instance *ignored);

double __wrap_instance_cpu(const struct instance *ignored)
{
	(void)ignored;
	return cpu;
}

bool __wrap_service_clients_count(struct service_clients *clients, pid_t *pids)
{
	cr_assert_null(pids, "no last count was asked for");
	cr_assert_eq(clients, &runtime.run->idle->clients);
	asked++;
	return true;
}

bool __wrap_close_events_is_possible(struct engine *ignored)
{
	(void)ignored;
	return true;
}

void __wrap_close_events_begin(struct close_listener *listener, struct engine *ignored)
{
	(void)listener, (void)ignored;
}

void __wrap_close_events_read(struct engine *ignored)
{
	(void)ignored;
}

static void set_up(void)
{
	const char *why;

	list_init(&service_list.wanting);
	engine.loop = ev_loop_new(0);
	engine.log = log_open("stderr", false, LEVEL_ERROR, &why);
	cr_assert_not_null(engine.log);
	runtime = (struct service_runtime){
		.engine = &engine, .table = &table, .service = &service,
		.state = { .sockets = SOCKETS_OPEN, .run = RUN_RUNNING },
	};
	cr_assert_not_null(runtime_make_run(&runtime));
	runtime.run->current = &instance;
}

static void tear_down(void)
{
	idle_forget(&runtime);
	ev_loop_destroy(engine.loop);
	log_close(engine.log);
}

TestSuite(idle, .init = set_up, .fini = tear_down, .timeout = 120);

/* Waits until superd asks, and answers. */
static void count(bool seen)
{
	unsigned before = asked;

	for (;;) {
		ev_run(engine.loop, EVRUN_NOWAIT);
		if (asked != before)
			break;
		own_clock_advance(1.);
	}
	runtime.run->idle->clients.known = true;
	runtime.run->idle->clients.counted(&runtime.run->idle->clients, seen);
}

static void begin_where_many_leave(void)
{
	idle_follow(&runtime);
	cr_assert_not_null(runtime.run->idle);
	for (int n = 0; n < 20; n++)
		runtime.run->idle->close_listener.gone(&runtime.run->idle->close_listener, false);
	cr_assert_eq(runtime.run->idle->phase, IDLE_NOT_LISTENING);
}

Test(idle, waits_for_the_end_of_a_connection_once_it_has_seen_one)
{
	idle_follow(&runtime);
	count(true);
	cr_expect_eq(runtime.run->idle->phase, IDLE_HAS_CLIENTS);
	cr_expect_not(ev_is_active(&runtime.run->idle->timer), "clients that stay cost nothing");
}

Test(idle, is_due_an_idle_timeout_after_nobody_was_seen)
{
	double began = clock_now();

	idle_follow(&runtime);
	count(false);
	cr_expect_eq(runtime.run->idle->phase, IDLE_WAS_REPORTED, "nobody came from the start on");
	cr_expect_geq(clock_now() - began, 100 - 0.001, "a timer may be a millisecond early");
}

/* superd counts before it listens again. The next count misses who left meanwhile. */
Test(idle, begins_anew_where_clients_left_before_superd_listened)
{
	begin_where_many_leave();
	count(true);
	cr_expect(ev_is_active(&runtime.run->idle->timer), "they may have left unheard");
	count(false);
	cr_expect_eq(runtime.run->idle->phase, IDLE_NO_CLIENTS);
	cr_expect_gt(runtime.run->idle->since, 0);
	cr_expect_gt(ev_timer_remaining(engine.loop, &runtime.run->idle->timer), 50, "it counts all the time");
	count(false);
	cr_expect_eq(runtime.run->idle->phase, IDLE_WAS_REPORTED);
}

Test(idle, counts_clients_who_stay_where_many_left_once_more)
{
	begin_where_many_leave();
	count(true);
	count(true);
	cr_expect_eq(runtime.run->idle->phase, IDLE_HAS_CLIENTS);
	cr_expect_not(ev_is_active(&runtime.run->idle->timer), "superd listens since before it counted");
}

/* As if it had used a tenth of a processor, with idle_cpu = 5 %. */
Test(idle, is_busy_by_the_processor_time_since_nobody_was_connected)
{
	lifecycle.idle_cpu = 500;
	idle_follow(&runtime);
	cpu = 10;
	count(false);
	cr_expect_eq(runtime.run->idle->phase, IDLE_NO_CLIENTS);
	cr_expect(strstr(runtime.run->idle->busy.why, "idle_cpu: "), "%s", runtime.run->idle->busy.why);
	cr_expect_geq(ev_timer_remaining(engine.loop, &runtime.run->idle->timer), 75, "it asks all the time");
	count(false);
	cr_expect_eq(runtime.run->idle->phase, IDLE_WAS_REPORTED, "%s", runtime.run->idle->busy.why);
	cr_expect_str_empty(runtime.run->idle->busy.why);
}

Test(idle, a_processor_time_that_is_unknown_counts_as_busy)
{
	struct idle_account account;

	lifecycle.idle_cpu = 500;
	cpu = -1;
	idle_follow(&runtime);
	count(false);
	cr_expect_eq(runtime.run->idle->phase, IDLE_NO_CLIENTS);
	cr_assert(idle_describe(&runtime, &account));
	cr_expect_eq(account.standing, IDLE_BUSY);
	cr_expect_str_eq(account.busy, "idle_cpu: its processor time is not known");
	count(true);
	cr_assert(idle_describe(&runtime, &account));
	cr_expect_eq(account.standing, IDLE_USED);
}

/* It stops, and a client starts it again much later. */
Test(idle, a_time_without_clients_goes_on_while_it_is_stopped)
{
	double since;

	idle_follow(&runtime);
	count(false);
	since = runtime.run->idle->since -= 200;
	runtime.state.run = RUN_IDLE;
	idle_follow(&runtime);
	cr_expect_float_eq(idle_last_used(&runtime), since, 1e-9);
	runtime.state.run = RUN_RUNNING;
	idle_follow(&runtime);
	cr_expect_eq(runtime.run->stats.unused_since, 0);
}

/* An answer that somebody else has asked for. */
static void learn(bool seen)
{
	ev_now_update(engine.loop);
	runtime.run->idle->clients.known = true;
	runtime.run->idle->clients.counted(&runtime.run->idle->clients, seen);
}

Test(idle, learns_what_others_ask)
{
	struct idle *idle;

	idle_follow(&runtime);
	idle = runtime.run->idle;
	learn(true);
	cr_expect_eq(idle->phase, IDLE_HAS_CLIENTS);
	idle->close_listener.gone(&idle->close_listener, false);
	learn(false);
	cr_expect_eq(idle->phase, IDLE_NO_CLIENTS);
	cr_expect_eq(idle->since, idle->last_closed);
	learn(true);
	cr_expect_eq(idle->phase, IDLE_HAS_CLIENTS);
	cr_expect_eq(idle->since, 0);
	cr_expect_eq(asked, 0);
}

Test(idle, is_not_put_off_by_those_who_ask)
{
	struct idle *idle;

	lifecycle.idle_cpu = 500;
	idle_follow(&runtime);
	idle = runtime.run->idle;
	cpu = 10;
	count(false);
	own_clock_advance(50);
	learn(false);
	cr_expect_lt(ev_timer_remaining(engine.loop, &idle->timer), 65, "it begins anew");
	count(false);
	cr_expect_eq(idle->phase, IDLE_WAS_REPORTED);
	learn(false);
	cr_expect_eq(idle->phase, IDLE_WAS_REPORTED);
	learn(true);
	cr_expect_eq(idle->phase, IDLE_HAS_CLIENTS);
}

Test(idle, is_not_put_off_where_no_end_is_reported_either)
{
	struct idle *idle;
	double since, left;

	idle_follow(&runtime);
	idle = runtime.run->idle;
	idle->polls = true;
	count(true);
	learn(false);
	since = idle->since;
	cr_expect_gt(since, 0);
	left = ev_timer_remaining(engine.loop, &idle->timer);
	own_clock_advance(5);
	learn(false);
	cr_expect_eq(idle->since, since);
	cr_expect_leq(ev_timer_remaining(engine.loop, &idle->timer), left - 4, "it begins anew");
	while (idle->phase == IDLE_NO_CLIENTS)
		count(false);
	cr_expect_eq(idle->phase, IDLE_WAS_REPORTED);
	cr_expect_leq(clock_now() - since, 150);
	count(false);
	cr_expect_eq(idle->phase, IDLE_WAS_REPORTED);
	cr_expect_eq(idle->since, since);
	cr_expect(ev_is_active(&idle->timer), "superd would never look again");
	learn(false);
	cr_expect(ev_is_active(&idle->timer));
	learn(true);
	cr_expect_eq(idle->phase, IDLE_HAS_CLIENTS);
	cr_expect_not(idle->reported);
}

/* As with a socket of TCP beside a unix socket: its client came and left between two counts. */
Test(idle, begins_anew_with_an_end_that_is_reported_where_others_are_not)
{
	struct idle *idle;
	double left;

	idle_follow(&runtime);
	idle = runtime.run->idle;
	idle->polls = true;
	count(false);
	own_clock_advance(5);
	ev_now_update(engine.loop);
	left = clock_now();
	idle->close_listener.gone(&idle->close_listener, false);
	cr_expect_leq(ev_timer_remaining(engine.loop, &idle->timer), 40, "nothing reports others, who may be there");
	count(false);
	cr_expect_geq(idle->since, left);
	while (!idle->reported)
		count(false);
	cr_expect_geq(clock_now() - left, 100 - 0.001);
}

/* Their answer need not tell idle anything, as where a client is at a port of the backend's own. */
Test(idle, a_close_while_others_ask_is_not_forgotten)
{
	struct list asking;
	struct idle *idle;

	list_init(&asking);
	idle_follow(&runtime);
	idle = runtime.run->idle;
	learn(true);
	list_add(&asking, &idle->clients.query.link);
	idle->close_listener.gone(&idle->close_listener, false);
	list_remove(&idle->clients.query.link);
	cr_expect(ev_is_active(&idle->timer), "superd would never look again");
	list_add(&asking, &idle->clients.query.link);
	idle->close_listener.gone(&idle->close_listener, false);
	list_remove(&idle->clients.query.link);
	learn(true);
	cr_expect_eq(idle->phase, IDLE_NOT_COUNTED, "the client may have left behind that count");
}

/* Whoever was there may have left since: nothing else would report that. */
Test(idle, is_measured_anew_where_its_stop_was_called_off)
{
	struct idle *idle;

	idle_follow(&runtime);
	count(true);
	idle = runtime.run->idle;
	idle->phase = IDLE_GOES;
	idle->close_listener.gone(&idle->close_listener, false);
	cr_expect_not(ev_is_active(&idle->timer), "the stop decides");
	idle_go_on(&runtime);
	cr_expect_eq(idle->phase, IDLE_NOT_COUNTED);
	cr_expect(ev_is_active(&idle->timer), "superd would never look again");
}

/* As where the process that counts had no processor time: there may be nobody whose close would be reported. */
Test(idle, a_count_that_failed_is_repeated)
{
	static const struct client_count_answer none;
	struct idle *idle;

	idle_follow(&runtime);
	idle = runtime.run->idle;
	idle->clients.known = true;
	idle->clients.look.done(&idle->clients.look, &none);
	cr_expect_eq(idle->phase, IDLE_HAS_CLIENTS);
	cr_expect(ev_is_active(&idle->timer), "superd would never look again");
}
