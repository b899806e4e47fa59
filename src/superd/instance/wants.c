/* A start of what is needed belongs to one wait, which has begun at run->wants_since: a needed service that has started
 * or failed since then is not started again for it. */
#include "superd/instance/wants.h"

#include <float.h>
#include <stdio.h>
#include <string.h>

#include "lib/clock.h"
#include "superd/instance/runtime.h"
#include "superd/instance/service_list.h"
#include "table/service/need.h"

enum standing {
	SERVES,                         /* it runs, or has done its work */
	COMES,                          /* it is starting, or ends and is started then */
	FAILS,                          /* it does not start now */
};

static bool needs(const struct service_runtime *runtime, const char *name)
{
	struct need need;

	for (size_t n = 0; service_need(runtime->service, n, &need); n++) {
		if (!strcmp(need.name, name))
			return true;
	}
	return false;
}

static struct service_runtime *find(const struct service_runtime *runtime, const char *name)
{
	const struct service_list *service_list = runtime->engine->service_list;

	return service_list_find(service_list, service_list->table, name);
}

bool wants_is_waiting(const struct service_runtime *runtime)
{
	enum state now, next;

	if (!runtime->run || runtime->run->wants_since <= 0)
		return false;
	now = runtime_state(runtime);
	next = runtime_next_state(runtime);
	return now == QUEUED || now == FULL || next == QUEUED || next == FULL;
}

/* Starts or thaws it. A client could have started it just as well, so an earlier stop by an operator does not count. */
static enum standing order(struct service_runtime *wanted, const struct service_runtime *by)
{
	if (!runtime_make_run(wanted))
		return FAILS;
	snprintf(wanted->run->start_by, sizeof(wanted->run->start_by), "%.40s, which wants it", by->service->name);
	if (runtime_state(wanted) != FROZEN)
		wanted->run->start_due = clock_now();
	wanted->halted = false;
	if (runtime_state(wanted) != STOPPING)  /* else it starts when it has ended */
		runtime_post(wanted, ENABLE);
	return COMES;
}

/* The time since when a start of what is needed counts. What a socket needs is needed when superd opens the socket: a
 * service that starts with superd has done so if it has started well. */
static double counts_since(const struct service_runtime *runtime, const struct need *need,
			   const struct service_runtime *wanted)
{
	if (need->socket && wanted->service->exec->start == START_BOOT && !runtime_stats(wanted)->failing)
		return DBL_MIN;
	return need->order == NEED_BEHIND ? runtime_stats(runtime)->last_start : runtime->run->wants_since;
}

/* How a needed service stands, which is started if that is due. */
static enum standing look_at(struct service_runtime *runtime, const struct need *need)
{
	struct service_runtime *wanted = find(runtime, need->name);
	double began;

	if (!wanted)
		return FAILS;
	if (wanted->service->exec->accept)
		return SERVES;
	if (runtime_next_state(wanted) != runtime_state(wanted))
		return COMES;           /* its next event tells */
	began = counts_since(runtime, need, wanted);
	switch (runtime_state(wanted)) {
	case RUNNING:
		return SERVES;
	case FROZEN:
		return need->order == NEED_BEHIND && wanted->since >= began ? SERVES : order(wanted, runtime);
	case LISTENING:
		if (runtime_stats(wanted)->last_start >= began)
			return SERVES;
		return runtime_start_due(wanted) > 0 && runtime_start_due(wanted) <= clock_now()
			? COMES
			: order(wanted, runtime);
	case BACKOFF:
		if (wanted->since < began)
			return order(wanted, runtime);
		return runtime_stats(wanted)->skipped_starts ? SERVES : FAILS;  /* its conditions do not hold */
	case BINDING:                   /* its sockets cannot be opened now, or are about to be */
		return wanted->run && ev_is_active(&wanted->run->timer) ? FAILS : COMES;
	case STOPPING:                  /* nothing looks again at one that is not waited for */
		return need->order == NEED_BEFORE ? COMES : order(wanted, runtime);
	case OFF:
	case CLOSING:
		return runtime_is_disabled(wanted) ? FAILS : COMES;
	case HELD:
		return FAILS;
	default:
		return COMES;
	}
}

bool wants_wait(struct service_runtime *runtime)
{
	bool comes = false, fails = false;
	struct need need;

	if (!service_need(runtime->service, 0, &need) || !runtime_make_run(runtime))
		return false;
	if (!runtime->run->wants_since)
		runtime->run->wants_since = clock_now();
	if (list_empty(&runtime->run->wanting))
		list_add(&runtime->engine->service_list->wanting, &runtime->run->wanting);
	for (size_t n = 0; service_need(runtime->service, n, &need); n++) {
		enum standing standing = need.order == NEED_BEHIND ? SERVES : look_at(runtime, &need);

		comes |= standing == COMES && need.order == NEED_BEFORE;
		fails |= standing == FAILS && need.order == NEED_BEFORE && need.required;
	}
	return comes && !fails;
}

static const char *describe_failure(const struct service_runtime *runtime, const char *name)
{
	const struct service_runtime *wanted = find(runtime, name);

	if (!wanted)
		return "it is not in the configuration, or disabled there";
	if (runtime_state(wanted) == BACKOFF)
		return runtime_reason(wanted);
	return runtime_is_disabled(wanted) ? "it is disabled" : state_name(runtime_state(wanted));
}

bool wants_are_there(struct service_runtime *runtime, struct buf *why)
{
	struct event event = { .name = "wants", .service = runtime->service->name };
	struct need need;

	if (!runtime->run || !runtime->run->wants_since)
		return true;
	for (size_t n = 0; service_need(runtime->service, n, &need) && !why->length; n++) {
		if (need.order == NEED_BEHIND || look_at(runtime, &need) != FAILS)
			continue;
		event.reason = describe_failure(runtime, need.name);
		if (need.required && need.order == NEED_BEFORE)
			buf_addf(why, "it requires %s: %s", need.name, event.reason);
		else
			log_event(runtime->engine->log, LEVEL_WARNING, &event, "wants %s, and starts without it: %s",
				  need.name, event.reason);
	}
	runtime->run->wants_since = 0;
	return !why->length && !why->failed;
}

const struct service_runtime *wants_find(const struct service_runtime *runtime)
{
	LIST_EACH(link, &runtime->engine->service_list->wanting) {
		const struct service_runtime *one = container_of(link, struct service_run, wanting)->runtime;

		if (needs(one, runtime->service->name))
			return one;
	}
	return NULL;
}

/* Stops a service that no other needs any more. */
static void let_go(struct service_runtime *wanted)
{
	struct event event = { .name = "stopping", .service = wanted->service->name };
	enum state state = runtime_state(wanted);

	if (wanted->service->exec->start != START_WANTED || wants_find(wanted))
		return;
	if (wanted->run)
		wanted->run->start_due = 0;
	if (state == STARTING || state == RUNNING || state == FROZEN)
		log_event(wanted->engine->log, LEVEL_INFO, &event, "stopping: no service wants it any more");
	if (state == QUEUED || state == STARTING || state == RUNNING || state == FROZEN)
		runtime_post(wanted, HALT);
}

/* Starts what comes after this service, once for each of its instances. */
static void start_behind(struct service_runtime *runtime)
{
	struct need need;

	if (runtime_state(runtime) != RUNNING || !runtime->service->groups->lifecycle->behind)
		return;
	for (size_t n = 0; service_need(runtime->service, n, &need); n++) {
		if (need.order == NEED_BEHIND)
			(void)look_at(runtime, &need);
	}
}

/* Adds a service that has others beside it to the list, or removes one that needs none of them any more. */
static void follow_own(struct service_runtime *runtime)
{
	struct service_run *run = runtime->run;
	bool is_listed = run && !list_empty(&run->wanting), lives;
	struct need need;

	if (!run || (!is_listed && !service_need(runtime->service, 0, &need)))
		return;
	start_behind(runtime);
	if (run->wants_since > 0 && !wants_is_waiting(runtime)) {
		run->wants_since = 0;
		runtime->started &= runtime_current(runtime) != NULL;   /* a wait is broken off: start = boot is due */
	}
	lives = run->wants_since > 0 || runtime->instance_count || !runtime_is_empty(runtime);
	if (lives && !is_listed)
		list_add(&runtime->engine->service_list->wanting, &run->wanting);
	if (lives || !is_listed)
		return;
	list_remove(&run->wanting);
	for (size_t n = 0; service_need(runtime->service, n, &need); n++) {
		if (find(runtime, need.name))
			let_go(find(runtime, need.name));
	}
}

/* Nobody waits for what is beside or behind it. Of those before it there is no ring, so two services that wait do not
 * wake each other for ever. */
static bool waits_for(const struct service_runtime *runtime, const char *name)
{
	struct need need;

	for (size_t n = 0; service_need(runtime->service, n, &need); n++) {
		if (need.order == NEED_BEFORE && !strcmp(need.name, name))
			return true;
	}
	return false;
}

void wants_follow(struct service_runtime *runtime)
{
	follow_own(runtime);
	LIST_EACH(link, &runtime->engine->service_list->wanting) {
		struct service_runtime *one = container_of(link, struct service_run, wanting)->runtime;

		if (wants_is_waiting(one) && waits_for(one, runtime->service->name))
			runtime_post(one, ROOM);
	}
}

void wants_follow_all(struct engine *engine)
{
	const struct service_list *service_list = engine->service_list;

	LIST_EACH(link, &service_list->leaving)
		follow_own(runtime_leaving(link));
	for (size_t n = 0; n < service_list->count; n++) {
		if (service_list->runtimes[n])
			follow_own(service_list->runtimes[n]);
	}
	for (size_t n = 0; n < service_list->count; n++) {
		struct service_runtime *runtime = service_list->runtimes[n];

		if (!runtime)
			continue;
		let_go(runtime);
		if (wants_is_waiting(runtime))
			runtime_post(runtime, ROOM);    /* it may need others now, or none */
	}
}

const char *wants_next(const struct service_runtime *runtime, size_t *at)
{
	struct need need;

	while (service_need(runtime->service, (*at)++, &need)) {
		const struct service_runtime *wanted = find(runtime, need.name);

		if (wanted && need.order == NEED_BEFORE && !wanted->service->exec->accept &&
		    runtime_state(wanted) != RUNNING)
			return need.name;
	}
	return NULL;
}
