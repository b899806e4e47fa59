/* The start of a service that wants others. It is one level: a wanted service that wants others itself starts as if a
 * client had come. Two services may want each other: the second does not wait for the first, which waits for it. */
#include "engine/service/wants_start.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/scan.h"
#include "engine/idle/idle.h"
#include "engine/instance/instance.h"
#include "engine/runtime/service_list.h"
#include "engine/runtime/start_queue.h"
#include "engine/runtime/wants.h"
#include "engine/service/socket_commands.h"

#define CIRCLE_MOST 16                  /* services that wait for each other in a row; a longer row ends by its time */

enum standing {
	WANTED_SERVES,                  /* it runs, or has done its work */
	WANTED_COMES,                   /* it is starting, or ends and is started then */
	WANTED_FAILS,                   /* it does not start now */
};

static words wants_of(const struct service_runtime *runtime)
{
	return runtime->service->exec->accept ? NULL : runtime->service->groups->lifecycle->wants;
}

static struct service_runtime *find(const struct service_runtime *runtime, const char *name)
{
	const struct service_list *service_list = runtime->engine->service_list;

	return service_list_find(service_list, service_list->table, name);
}

static bool is_awake(const struct service_runtime *runtime)
{
	enum state state = runtime_state(runtime);

	return runtime_current(runtime) && (state == STARTING || state == RUNNING || state == STOPPING);
}

/* Whether its start waits for others now. */
static bool is_waiting(const struct service_runtime *runtime)
{
	return runtime_current(runtime) && runtime_current(runtime)->state == INSTANCE_WANTS;
}

/* Whether `first` waits for `last`, itself or by others in between. */
static bool waits_for(const struct service_runtime *first, const struct service_runtime *last, unsigned depth)
{
	if (!is_waiting(first) || depth == CIRCLE_MOST)
		return false;
	for (words name = wants_of(first); name && *name; name++) {
		const struct service_runtime *next = find(first, *name);

		if (next == last || (next && waits_for(next, last, depth + 1)))
			return true;
	}
	return false;
}

/* A client could have started it just as well, so an earlier stop by an operator does not count. */
static bool order_start(struct service_runtime *wanted, const struct service_runtime *by)
{
	if (!runtime_make_run(wanted))
		return false;
	wants_note_order(wanted, by);
	wanted->run->start_due = clock_now();
	wanted->halted = false;
	runtime_post(wanted, ENABLE);
	return true;
}

/* Starts or thaws a wanted service, if that is due. */
static enum standing rouse(struct service_runtime *wanted, const struct service_runtime *by, bool *ordered)
{
	bool was_ordered = *ordered;

	switch (runtime_state(wanted)) {
	case RUNNING:
		return WANTED_SERVES;
	case FROZEN:
		wants_note_order(wanted, by);
		runtime_post(wanted, ENABLE);
		return WANTED_SERVES;
	case QUEUED:
	case STARTING:
		*ordered = true;
		return WANTED_COMES;
	case LISTENING:
		if (runtime_start_due(wanted) > 0)
			return WANTED_COMES;
		if (was_ordered)
			return runtime_stats(wanted)->failing ? WANTED_FAILS : WANTED_SERVES;
		*ordered = true;
		return order_start(wanted, by) ? WANTED_COMES : WANTED_FAILS;
	case STOPPING:
		return was_ordered ? WANTED_FAILS : WANTED_COMES;
	case BINDING:
		return socket_commands_is_busy(wanted) ? WANTED_COMES : WANTED_FAILS;
	case OFF:
	case CLOSING:
	case BACKOFF:
	case HELD:
	case FULL:
	case STATES:
		break;
	}
	return WANTED_FAILS;
}

static void log_missing(const struct service_runtime *runtime, const char *name, const char *why)
{
	struct event event = { .name = "wants", .service = runtime->service->name, .reason = why };

	log_event(runtime->engine->log, LEVEL_WARNING, &event, "wants %s, and starts without it: %s", name, why);
}

/* Logs what is wrong with a service that failed. */
static void log_failed(const struct service_runtime *runtime, const char *name)
{
	const struct service_runtime *wanted = find(runtime, name);

	if (!wanted)
		log_missing(runtime, name, "it is not in the table, or disabled there");
	else if (runtime_state(wanted) == BACKOFF || runtime_state(wanted) == BINDING)
		log_missing(runtime, name, runtime_reason(wanted));
	else if (runtime_state(wanted) == LISTENING)
		log_missing(runtime, name, "its start has failed");
	else
		log_missing(runtime, name,
			    runtime_is_disabled(wanted) ? "disabled" : state_name(runtime_state(wanted)));
}

/* Finds how a wanted service stands, and starts it if need be. */
static enum standing look_at(struct service_runtime *runtime, struct wants *wants, size_t n)
{
	struct service_runtime *wanted = find(runtime, wants_of(runtime)[n]);

	if (!wanted)
		return WANTED_FAILS;
	if (wanted == runtime || wanted->service->exec->accept || waits_for(wanted, runtime, 0))
		return WANTED_SERVES;
	return rouse(wanted, runtime, &wants->ordered[n]);
}

static void on_timer(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct wants *wants = timer->data;
	struct service_runtime *runtime = wants->runtime;

	(void)loop, (void)events;
	if (!is_waiting(runtime))
		return;
	for (size_t n = 0; n < wants->count && wants_of(runtime)[n]; n++) {
		if (look_at(runtime, wants, n) == WANTED_COMES)
			log_missing(runtime, wants_of(runtime)[n], "it is not ready within its timeout_start");
	}
	instance_event(runtime_current(runtime), ON_WANTED);
}

static struct wants *make_wants(struct service_runtime *runtime)
{
	struct wants *wants = runtime_make_run(runtime) ? runtime->run->wants : NULL;

	if (wants || !runtime->run)
		return wants;
	wants = runtime->run->wants = calloc(1, sizeof(*wants));
	if (!wants)
		return NULL;
	wants->runtime = runtime;
	list_init(&wants->link);
	ev_init(&wants->timer, on_timer);
	wants->timer.data = wants;
	return wants;
}

/* Begins to note for a new start what was ordered. false: out of memory. */
static bool begin_noting(struct wants *wants)
{
	size_t count = words_count(wants_of(wants->runtime));

	if (wants->instance == runtime_current(wants->runtime) && wants->count == count)
		return true;
	free(wants->ordered);
	wants->ordered = calloc(count + 1, sizeof(*wants->ordered));
	wants->count = wants->ordered ? count : 0;
	wants->instance = runtime_current(wants->runtime);
	ev_timer_stop(wants->runtime->engine->loop, &wants->timer);
	return wants->ordered;
}

/* The longest timeout_start of those that are waited for; 0: no limit. */
static double wait_of(struct service_runtime *runtime)
{
	int64_t longest = 0;

	for (words name = wants_of(runtime); name && *name; name++) {
		const struct service_runtime *wanted = find(runtime, *name);
		int64_t timeout = wanted ? wanted->service->groups->lifecycle->timeout_start : 0;

		if (timeout > longest)
			longest = timeout;
	}
	return longest == SCAN_INFINITY ? 0 : (double)longest / 1e6;
}

static void start_timer(struct wants *wants)
{
	double wait = wait_of(wants->runtime);

	if (wait <= 0 || ev_is_active(&wants->timer))
		return;
	ev_timer_set(&wants->timer, wait, 0.);
	ev_timer_start(wants->runtime->engine->loop, &wants->timer);
}

/* Without memory its start does not wait. */
void wants_look(struct service_runtime *runtime)
{
	struct wants *wants = is_waiting(runtime) ? make_wants(runtime) : NULL;
	size_t coming = 0;

	if (!is_waiting(runtime))
		return;
	if (wants && begin_noting(wants)) {
		for (size_t n = 0; n < wants->count; n++)
			coming += look_at(runtime, wants, n) == WANTED_COMES;
		if (coming) {
			start_queue_leave(runtime);     /* those that it waits for may need its place */
			start_timer(wants);
			return;
		}
		ev_timer_stop(runtime->engine->loop, &wants->timer);
		for (size_t n = 0; n < wants->count; n++) {
			if (look_at(runtime, wants, n) == WANTED_FAILS)
				log_failed(runtime, wants_of(runtime)[n]);
		}
	}
	instance_event(runtime_current(runtime), ON_WANTED);
}

/* Those that it wants begin or go on to be idle, or end that. */
static void follow_idle(struct service_runtime *runtime)
{
	for (words name = wants_of(runtime); name && *name; name++) {
		struct service_runtime *wanted = find(runtime, *name);

		if (wanted && !wanted->service->exec->accept)
			idle_follow(wanted);
	}
}

/* A service that was thawed starts what it wants, and does not wait for that. */
static void wake_up(struct service_runtime *runtime, bool slept)
{
	struct wants *wants = make_wants(runtime);

	if (!wants)
		return;
	list_add(&runtime->engine->service_list->wanting, &wants->link);
	wants->instance = NULL;
	for (size_t n = 0; slept && begin_noting(wants) && n < wants->count; n++)
		look_at(runtime, wants, n);
}

/* A frozen service may have connections to the services that it wants. */
static bool is_wanted_by_frozen(const struct service_runtime *wanted)
{
	const struct service_list *service_list = wanted->engine->service_list;

	for (size_t n = 0; n < service_list->count; n++) {
		const struct service_runtime *runtime = service_list->runtimes[n];

		if (runtime && runtime_state(runtime) == FROZEN &&
		    words_have(wants_of(runtime), wanted->service->name))
			return true;
	}
	return false;
}

/* Stops a service with start = wanted that no service wants any more. */
static void let_go(struct service_runtime *wanted)
{
	struct event event = { .name = "stopping", .service = wanted->service->name };
	enum state state = runtime_state(wanted);

	if (wanted->service->exec->start != START_WANTED || wants_find(wanted) || is_wanted_by_frozen(wanted))
		return;
	if (wanted->run)
		wanted->run->start_due = 0;
	if (state == STARTING || state == RUNNING || state == FROZEN)
		log_event(wanted->engine->log, LEVEL_INFO, &event, "stopping: no service wants it any more");
	if (state == QUEUED || state == STARTING || state == RUNNING || state == FROZEN)
		runtime_post(wanted, HALT);
}

static void let_all_go(struct service_runtime *runtime)
{
	for (words name = wants_of(runtime); name && *name; name++) {
		struct service_runtime *wanted = find(runtime, *name);

		if (wanted)
			let_go(wanted);
	}
}

static void follow_own(struct service_runtime *runtime, bool slept)
{
	struct wants *wants = runtime->run ? runtime->run->wants : NULL;
	bool is_listed = wants && !list_empty(&wants->link), wanted = wants_of(runtime) && is_awake(runtime);

	if ((!wants_of(runtime) && !is_listed) || (!wanted && !is_listed && !slept))
		return;
	if (wanted && !is_listed)
		wake_up(runtime, slept);
	if (!wanted && is_listed) {
		list_remove(&wants->link);
		ev_timer_stop(runtime->engine->loop, &wants->timer);
	}
	if (!wanted && runtime_state(runtime) != FROZEN)
		let_all_go(runtime);
	follow_idle(runtime);
}

void wants_follow(struct service_runtime *runtime, bool slept)
{
	const struct service_list *service_list = runtime->engine->service_list;

	follow_own(runtime, slept);
	LIST_EACH(link, &service_list->wanting) {
		struct service_runtime *waiting = container_of(link, struct wants, link)->runtime;

		if (is_waiting(waiting) && words_have(wants_of(waiting), runtime->service->name))
			runtime_post(waiting, WANTS_DUE);
	}
}

void wants_follow_all(struct engine *engine)
{
	const struct service_list *service_list = engine->service_list;

	for (size_t n = 0; n < service_list->count; n++) {
		struct service_runtime *runtime = service_list->runtimes[n];

		if (!runtime || !runtime->run || runtime->service->exec->accept)
			continue;
		idle_follow(runtime);
		let_go(runtime);
	}
}

void wants_describe_wait(const struct service_runtime *runtime, struct buf *out)
{
	const char *before = "it waits for ";

	if (!is_waiting(runtime))
		return;
	for (words name = wants_of(runtime); name && *name; name++) {
		const struct service_runtime *wanted = find(runtime, *name);

		if (wanted && (runtime_state(wanted) == RUNNING || runtime_state(wanted) == FROZEN))
			continue;
		buf_addf(out, "%s%s", before, *name);
		before = ", ";
	}
	if (*before == ',')
		buf_text(out, " (wants)");
}
