/* Makes and frees the notes on a service's queue. */
#include "superd/stop/queue_notes.h"

#include <stdlib.h>


#define NO_PROGRESS_LIMIT_MOST 4096     /* a backend proved to take its clients is looked at ever more rarely */

struct queue_notes *queue_notes_make(struct service_runtime *runtime)
{
	struct service_run *run = runtime_make_run(runtime);

	if (!run || run->notes)
		return run ? run->notes : NULL;
	run->notes = calloc(1, sizeof(*run->notes));
	if (!run->notes)
		return NULL;
	run->notes->no_progress_limit = NO_PROGRESS_LIMIT;
	ev_init(&run->notes->accept_timer, NULL);
	return run->notes;
}

void queue_notes_free(struct service_runtime *runtime)
{
	struct queue_notes *notes = queue_notes_find(runtime);

	if (!notes)
		return;
	ev_timer_stop(runtime->engine->loop, &notes->accept_timer);
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
