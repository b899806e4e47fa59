/* Starts of processes, how long they take, and processes that superd has given up, as they hang in the kernel. */
#include "superd/loop/unreaped.h"

#include <stdlib.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/list.h"
#include "os/guard/guard_link.h"
#include "superd/start/removal.h"

#define WEIGHT .1                       /* of the last start in the average of their times */

struct unreaped_process {
	struct list link;               /* in the engine's */
	struct child child;
	struct engine *engine;
	char service[];                 /* "": a start that failed, and is about to end */
};

static void on_ended(struct child *child, int status)
{
	struct unreaped_process *leftover = container_of(child, struct unreaped_process, child);
	struct event event = { .name = "reaped", .service = leftover->service, .pid = child->pid };

	(void)status;
	if (*leftover->service)
		log_event(leftover->engine->log, LEVEL_NOTICE, &event, "pid %ld, which could not be ended, has ended",
			  (long)child->pid);
	list_remove(&leftover->link);
	free(leftover);
}

/* Without memory the loop reaps it without an owner. */
static void add_process(struct engine *engine, const char *service, pid_t pid)
{
	size_t length = strlen(service) + 1;
	struct unreaped_process *leftover = calloc(1, sizeof(*leftover) + length);

	if (!leftover)
		return;
	memcpy(leftover->service, service, length);
	leftover->engine = engine;
	leftover->child = (struct child){ .pid = pid, .ended = on_ended };
	list_add(&engine->unreaped, &leftover->link);
	child_table_add(&engine->children, &leftover->child);
}

void start_time_add(struct start_time *times, struct ev_loop *loop, size_t count, double seconds)
{
	unsigned turn = ev_iteration(loop);

	if (!count)
		return;
	if (turn != times->turn)
		times->spent = 0;
	times->turn = turn;
	times->spent += seconds;
	times->each += (seconds / (double)count - times->each) * (times->each > 0 ? WEIGHT : 1);
}

size_t start_time_room(const struct start_time *times, struct ev_loop *loop, double seconds, size_t most)
{
	double left = seconds - (ev_iteration(loop) == times->turn ? times->spent : 0);

	if (left <= 0)
		return 0;
	return left >= (double)most * times->each ? most : (size_t)(left / times->each);
}

int32_t *unreaped_note_handover(struct engine *engine, const struct start_note *note, int channel)
{
	int32_t *noted = guard_note_handover(note, channel);

	if (noted || !engine->save_changes)
		return noted;
	engine->save_changes(engine);
	return guard_note_handover(note, channel);
}

/* Nothing is started that the next superd would not know: the pipes and sockets that the process gets are saved
 * before, if they are not yet, and the process is noted with its client. For most clients the note is enough. */
void unreaped_start_batch(struct engine *engine, struct spawn_request *launches, size_t count)
{
	double begun = clock_now();

	if (count && launches->note.owner && engine->save_changes)
		engine->save_changes(engine);
	for (size_t n = 0; n < count; n++) {
		struct spawn_request *launch = &launches[n];

		if (launch->plan->account)
			launch->after = removal_make_way(launch->plan->account->uid, launch->plan->apart);
		if (!launch->note.owner)
			continue;
		launch->noted = guard_note_start(&launch->note);
		launch->taken_back = guard_taken_back(launch->noted);
	}
	spawn_batch(launches, count);
	start_time_add(&engine->start_time, engine->loop, count, clock_now() - begun);
	for (size_t n = 0; n < count; n++) {
		if (launches[n].unreaped > 0)
			add_process(engine, "", launches[n].unreaped);
	}
}

void unreaped_start(struct engine *engine, struct spawn_request *launch)
{
	unreaped_start_batch(engine, launch, 1);
}

void unreaped_add(struct engine *engine, const struct service *service, pid_t pid)
{
	static const char waits[] = "waits in the kernel, as for a file system that does not answer";
	struct event event = { .name = "stuck", .service = service->name, .pid = pid };

	if (pid > 0) {
		log_event(engine->log, LEVEL_ERROR, &event,
			  "pid %ld was killed and does not end: it %s; superd no longer waits for it",
			  (long)pid, waits);
		add_process(engine, service->name, pid);
	} else {
		log_event(engine->log, LEVEL_ERROR, &event,
			  "one of its processes was killed and does not end: it %s; superd no longer waits for it",
			  waits);
	}
}

bool unreaped_forbids_start(const struct engine *engine, const struct service *service, struct buf *why)
{
	unsigned count = 0;

	LIST_EACH(link, &engine->unreaped)
		count += !strcmp(container_of(link, struct unreaped_process, link)->service, service->name);
	if (count < LEFTOVERS_MOST)
		return false;
	buf_addf(why, "%u of its processes were killed and do not end: none is started until one does", count);
	return true;
}

void unreaped_free(struct engine *engine)
{
	LIST_EACH(link, &engine->unreaped) {
		struct unreaped_process *leftover = container_of(link, struct unreaped_process, link);

		child_table_remove(&engine->children, &leftover->child);
		list_remove(&leftover->link);
		free(leftover);
	}
}
