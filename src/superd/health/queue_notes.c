/* Makes and frees the notes on a service's queue, and has the table of what goes over an upgrade. */
#include "superd/health/queue_notes.h"

#include <stdlib.h>

#include "lib/fd.h"

#define NO_PROGRESS_LIMIT_MOST 4096     /* a backend proved to take its clients is looked at ever more rarely */
#define FIELD(key, path) STATE_FIELD(queue_notes, key, path)

struct queue_notes *queue_notes_make(struct service_runtime *runtime)
{
	struct service_run *run = runtime_make_run(runtime);

	if (!run || run->notes)
		return run ? run->notes : NULL;
	run->notes = calloc(1, sizeof(*run->notes));
	if (!run->notes)
		return NULL;
	run->notes->no_progress_limit = NO_PROGRESS_LIMIT;
	run->notes->arrivals = -1;
	ev_init(&run->notes->accept_timer, NULL);
	return run->notes;
}

void queue_notes_free(struct service_runtime *runtime)
{
	struct queue_notes *notes = queue_notes_find(runtime);

	if (!notes)
		return;
	ev_timer_stop(runtime->engine->loop, &notes->accept_timer);
	fd_close(&notes->arrivals);
	queue_ids_free(&notes->backlog);
	free(notes);
	runtime->run->notes = NULL;
}

void queue_notes_note_progress(struct queue_notes *notes)
{
	notes->no_progress_ends = 0;
	if (notes->no_progress_limit < NO_PROGRESS_LIMIT_MOST)
		notes->no_progress_limit *= 8;
}

void queue_notes_reset(struct service_runtime *runtime)
{
	struct queue_notes *notes = queue_notes_find(runtime);

	if (notes)
		notes->queued_at_end = notes->no_progress_ends = 0;
}

bool queue_notes_has_queue(const struct service_runtime *runtime)
{
	const struct queue_notes *notes = queue_notes_find(runtime);

	return notes && notes->queued_at_end;
}

bool queue_notes_is_asking(const struct service_runtime *runtime)
{
	const struct queue_notes *notes = queue_notes_find(runtime);

	return notes && notes->look;
}

bool queue_notes_wants_proof(const struct service_runtime *runtime)
{
	const struct queue_notes *notes = queue_notes_find(runtime);

	return notes && notes->no_progress_ends >= notes->no_progress_limit;
}

static void save_backlog(struct state_saver *saver, const void *object)
{
	const struct queue_notes *notes = object;

	save_number(saver, "exact", notes->backlog.count > 0);
	if (notes->backlog.count)
		state_add_bytes(&saver->text, "backlog", notes->backlog.id,
				notes->backlog.count * sizeof(*notes->backlog.id));
}

static void load_backlog(struct state_section *section, void *object)
{
	struct queue_notes *notes = object;
	struct queue_ids *backlog = &notes->backlog;
	size_t length;

	queue_ids_free(backlog);
	if (state_flag(section, "exact"))
		backlog->id = state_take_bytes(section, "backlog", QUEUE_IDS_MOST * sizeof(*backlog->id), &length);
	if (backlog->id)
		backlog->count = backlog->room = length / sizeof(*backlog->id);
}

static const struct state_field notes_fields[] = {
	{ FIELD("waiting", queued_at_start) },
	{ FIELD("left", queued_at_end) },
	{ FIELD("fruitless", no_progress_ends) },
	{ FIELD("patience", no_progress_limit), .least = 1, .most = UINT32_MAX, .always = true },
	{ STATE_BY(queue_notes, backlog, save_backlog, load_backlog) },
	{ FIELD("beside", backlog_is_queried) },
	{ FIELD("tried", started_since) },
	{ FIELD("hasty", restart_backoff.failures) },
	{ STATE_FIELD_AS(STATE_LEFT, queue_notes, "taking", accept_timer) },
	{ FIELD("untaken", accept_queued) },
};
const struct field_table saved_notes = FIELD_TABLE(NULL, queue_notes, notes_fields);
