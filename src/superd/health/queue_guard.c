/* Makes and frees the guard of a service's queue, and has the table of what goes over an upgrade. */
#include "superd/health/queue_guard.h"

#include <stdlib.h>

#include "lib/fd.h"

#define NO_PROGRESS_LIMIT_MOST 4096     /* a backend proved to take its clients is looked at ever more rarely */
#define FIELD(key, path) STATE_FIELD(queue_guard, key, path)

struct queue_guard *queue_guard_make(struct service_runtime *runtime)
{
	struct service_run *run = runtime_make_run(runtime);

	if (!run || run->guard)
		return run ? run->guard : NULL;
	run->guard = calloc(1, sizeof(*run->guard));
	if (!run->guard)
		return NULL;
	run->guard->no_progress_limit = NO_PROGRESS_LIMIT;
	run->guard->arrivals = -1;
	ev_init(&run->guard->accept_timer, NULL);
	return run->guard;
}

void queue_guard_free(struct service_runtime *runtime)
{
	struct queue_guard *guard = queue_guard_find(runtime);

	if (!guard)
		return;
	ev_timer_stop(runtime->engine->loop, &guard->accept_timer);
	fd_close(&guard->arrivals);
	queue_ids_free(&guard->backlog);
	free(guard);
	runtime->run->guard = NULL;
}

void queue_guard_note_progress(struct queue_guard *guard)
{
	guard->no_progress_ends = 0;
	if (guard->no_progress_limit < NO_PROGRESS_LIMIT_MOST)
		guard->no_progress_limit *= 8;
}

void queue_guard_reset(struct service_runtime *runtime)
{
	struct queue_guard *guard = queue_guard_find(runtime);

	if (guard)
		guard->queued_at_end = guard->no_progress_ends = 0;
}

bool queue_guard_has_queue(const struct service_runtime *runtime)
{
	const struct queue_guard *guard = queue_guard_find(runtime);

	return guard && guard->queued_at_end;
}

bool queue_guard_is_asking(const struct service_runtime *runtime)
{
	const struct queue_guard *guard = queue_guard_find(runtime);

	return guard && guard->look;
}

bool queue_guard_wants_proof(const struct service_runtime *runtime)
{
	const struct queue_guard *guard = queue_guard_find(runtime);

	return guard && guard->no_progress_ends >= guard->no_progress_limit;
}

static void save_backlog(struct state_saver *saver, const void *object)
{
	const struct queue_guard *guard = object;

	save_number(saver, "exact", guard->backlog.count > 0);
	if (guard->backlog.count)
		state_add_bytes(&saver->text, "backlog", guard->backlog.id,
				guard->backlog.count * sizeof(*guard->backlog.id));
}

static void load_backlog(struct state_section *section, void *object)
{
	struct queue_guard *guard = object;
	struct queue_ids *backlog = &guard->backlog;
	size_t length;

	queue_ids_free(backlog);
	if (state_flag(section, "exact"))
		backlog->id = state_take_bytes(section, "backlog", QUEUE_IDS_MOST * sizeof(*backlog->id), &length);
	if (backlog->id)
		backlog->count = backlog->room = length / sizeof(*backlog->id);
}

static const struct state_field guard_fields[] = {
	{ FIELD("waiting", queued_at_start) },
	{ FIELD("left", queued_at_end) },
	{ FIELD("fruitless", no_progress_ends) },
	{ FIELD("patience", no_progress_limit), .least = 1, .most = UINT32_MAX, .always = true },
	{ STATE_BY(queue_guard, backlog, save_backlog, load_backlog) },
	{ FIELD("beside", backlog_is_queried) },
	{ FIELD("tried", started_since) },
	{ FIELD("hasty", restart_backoff.failures) },
	{ STATE_FIELD_AS(STATE_LEFT, queue_guard, "taking", accept_timer) },
	{ FIELD("untaken", accept_queued) },
};
const struct field_table saved_guard = FIELD_TABLE(NULL, queue_guard, guard_fields);
