/* A process has all filters that there were at its start. For a further one superd starts another process, and the one
 * before ends after its present call, as superd closes its channel. superd itself receives no call: a superd-bind that
 * was taken over, and has kept a filter, could take the call in between, and superd would wait. */
#include "superd/instance/bind_strays.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/fd.h"
#include "os/proc/user_notif.h"
#include "superd/process/bind_worker.h"

#define PAUSE 1.                        /* seconds, after a process that was killed, or could not be started */

static const struct state_field stray_fields[] = {
	{ STATE_FIELD_AS(STATE_FD, bind_stray, "notif", notif) },
};
const struct field_table bind_stray_state = FIELD_TABLE("filter", bind_stray, stray_fields);

static void stray_free(struct engine *engine, struct bind_stray *stray)
{
	list_remove(&stray->link);
	engine->unsaved_engine = true;
	fd_close(&stray->notif);
	free(stray);
}

/* Frees those whose filter no process has any more, and returns the number of the others. */
static size_t drop_over(struct engine *engine)
{
	size_t count = 0;

	LIST_EACH(link, &engine->bind_strays->list) {
		struct bind_stray *stray = container_of(link, struct bind_stray, link);

		if (user_notif_is_over(stray->notif))
			stray_free(engine, stray);
		else
			count++;
	}
	return count;
}

/* Starts a process for all. false and errno: the one before goes on with those that it has. */
static bool start_process(struct engine *engine)
{
	struct bind_strays *strays = engine->bind_strays;
	size_t count = drop_over(engine), n = 0;
	int *notifs = calloc(count + 1, sizeof(*notifs));
	struct worker_process process = { .channel = -1 };

	if (notifs && count) {
		LIST_EACH(link, &strays->list)
			notifs[n++] = container_of(link, struct bind_stray, link)->notif;
		process = bind_left_start(notifs, count);
	}
	free(notifs);
	if (process.channel < 0)
		return !count;
	watch_stop(&strays->watch);
	fd_close(&strays->process.channel);
	strays->process = process;
	watch_set(&strays->watch, process.channel, true, false);
	return true;
}

static void on_start(struct alarm *alarm)
{
	if (!start_process(alarm->engine))
		alarm_set(alarm, PAUSE);
}

/* It ends when no process has any of its filters any more. */
static void on_end(struct watch *watch, bool readable, bool writable)
{
	struct bind_strays *strays = container_of(watch, struct bind_strays, watch);

	(void)readable, (void)writable;
	watch_stop(watch);
	fd_close(&strays->process.channel);
	if (drop_over(watch->engine))
		alarm_set(&strays->start, PAUSE);
}

void bind_strays_init(struct engine *engine, struct bind_strays *strays)
{
	list_init(&strays->list);
	engine->bind_strays = strays;
	strays->process = (struct worker_process){ .channel = -1, .pid = -1 };
	watch_init(&strays->watch, engine, on_end);
	alarm_init(&strays->start, engine, on_start);
}

void bind_stray_keep(struct engine *engine, int notif)
{
	struct bind_strays *strays = engine->bind_strays;
	struct bind_stray *stray = calloc(1, sizeof(*stray));

	if (!stray) {
		fd_close(&notif);
		return;
	}
	stray->notif = notif;
	list_add(&strays->list, &stray->link);
	engine->unsaved_engine = true;
	alarm_set(&strays->start, 0);
}

void bind_strays_leave(struct engine *engine)
{
	struct bind_strays *strays = engine->bind_strays;

	if (alarm_is_set(&strays->start) && !start_process(engine))
		log_warn(engine->log, "processes that programs of pass = bind have left can bind no more (ENOSYS): %s",
			 strerror(errno));
	alarm_stop(&strays->start);
	watch_stop(&strays->watch);
	bind_left_leave(&strays->process);
	while (!list_empty(&strays->list))
		stray_free(engine, container_of(strays->list.next, struct bind_stray, link));
}
