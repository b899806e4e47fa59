/* A start of what is needed belongs to one wait, which has begun at run->wants_since: a needed service that has started
 * or failed since then is not started again for it. */
#include "superd/instance/wants.h"

#include <stdio.h>
#include <string.h>

#include "lib/clock.h"
#include "superd/instance/runtime.h"
#include "superd/instance/service_list.h"

enum standing {
	SERVES,                         /* it runs, or has done its work */
	COMES,                          /* it is starting, or ends and is started then */
	FAILS,                          /* it does not start now */
};

/* The name of a needed service by its number, those of `requires` first. NULL: there are no more. */
static const char *needed(const struct service_runtime *runtime, size_t n, bool *required)
{
	const struct lifecycle_options *lifecycle = runtime->service->groups->lifecycle;
	size_t count = words_count(lifecycle->requires);

	*required = n < count;
	if (*required)
		return lifecycle->requires[n];
	return lifecycle->wants ? lifecycle->wants[n - count] : NULL;
}

static bool needs(const struct service_runtime *runtime, const char *name)
{
	const struct lifecycle_options *lifecycle = runtime->service->groups->lifecycle;

	return words_have(lifecycle->requires, name) || words_have(lifecycle->wants, name);
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
	runtime_post(wanted, ENABLE);
	return COMES;
}

/* How a needed service stands, which is started if that is due. */
static enum standing look_at(struct service_runtime *runtime, const char *name)
{
	struct service_runtime *wanted = find(runtime, name);
	double began = runtime->run->wants_since;

	if (!wanted)
		return FAILS;
	if (wanted->service->socket_count)
		return SERVES;
	if (runtime_next_state(wanted) != runtime_state(wanted))
		return COMES;           /* its next event tells */
	switch (runtime_state(wanted)) {
	case RUNNING:
		return SERVES;
	case FROZEN:
		return order(wanted, runtime);
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
	bool comes = false, fails = false, required;
	const char *name;

	if (!needed(runtime, 0, &required) || !runtime_make_run(runtime))
		return false;
	if (!runtime->run->wants_since)
		runtime->run->wants_since = clock_now();
	if (list_empty(&runtime->run->wanting))
		list_add(&runtime->engine->service_list->wanting, &runtime->run->wanting);
	for (size_t n = 0; (name = needed(runtime, n, &required)); n++) {
		enum standing standing = look_at(runtime, name);

		comes |= standing == COMES;
		fails |= standing == FAILS && required;
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
	const char *name;
	bool required;

	if (!runtime->run || !runtime->run->wants_since)
		return true;
	for (size_t n = 0; (name = needed(runtime, n, &required)) && !why->length; n++) {
		if (look_at(runtime, name) != FAILS)
			continue;
		event.reason = describe_failure(runtime, name);
		if (required)
			buf_addf(why, "it requires %s: %s", name, event.reason);
		else
			log_event(runtime->engine->log, LEVEL_WARNING, &event, "wants %s, and starts without it: %s",
				  name, event.reason);
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

/* Adds a service that has others beside it to the list, or removes one that needs none of them any more. */
static void follow_own(struct service_runtime *runtime)
{
	struct service_run *run = runtime->run;
	bool is_listed = run && !list_empty(&run->wanting), lives, required;
	const char *name;

	if (!run || (!is_listed && !needed(runtime, 0, &required)))
		return;
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
	for (size_t n = 0; (name = needed(runtime, n, &required)); n++) {
		if (find(runtime, name))
			let_go(find(runtime, name));
	}
}

void wants_follow(struct service_runtime *runtime)
{
	follow_own(runtime);
	LIST_EACH(link, &runtime->engine->service_list->wanting) {
		struct service_runtime *one = container_of(link, struct service_run, wanting)->runtime;

		if (wants_is_waiting(one) && needs(one, runtime->service->name))
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
	const char *name;
	bool required;

	while ((name = needed(runtime, (*at)++, &required))) {
		const struct service_runtime *wanted = find(runtime, name);

		if (wanted && !wanted->service->socket_count && runtime_state(wanted) != RUNNING)
			return name;
	}
	return NULL;
}
