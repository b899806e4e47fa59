/* The queue of instances whose memory is handed back to the kernel; only the first one is being worked on. */
#include "superd/stop/reclaim.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/list.h"
#include "superd/process/memory_reclaim.h"

#define PIECE_SECONDS 10.               /* a piece takes no longer, of a disk that works */

struct reclaim {
	struct list link;               /* in the engine's, until it is over */
	struct engine *engine;
	struct worker_process worker;   /* the process that is at it, or was, which may hang */
	ev_io report;                   /* of its channel */
	ev_timer limit;
	char *group;
	int error;
	pid_t pids[];
};

static void start_next(struct engine *engine);

void freezes_init(struct engine *engine, struct freezes *freezes)
{
	engine->freezes = freezes;
	list_init(&freezes->reclaims);
}

/* Ends the worker of this reclaim, if it runs. */
static void stop_worker(struct reclaim *reclaim)
{
	struct engine *engine = reclaim->engine;

	ev_timer_stop(engine->loop, &reclaim->limit);
	ev_io_stop(engine->loop, &reclaim->report);
	worker_process_end(&reclaim->worker);
}

static void finish_reclaim(struct reclaim *reclaim, int error)
{
	reclaim->error = error;
	stop_worker(reclaim);
	list_remove(&reclaim->link);
	start_next(reclaim->engine);
}

static void on_report(struct ev_loop *loop, ev_io *io, int events)
{
	struct reclaim *reclaim = io->data;
	int error = 0;

	(void)events;
	if (memory_reclaim_hear(&reclaim->worker, &error))
		finish_reclaim(reclaim, error);
	else
		ev_timer_again(loop, &reclaim->limit);
}

static void on_limit(struct ev_loop *loop, ev_timer *timer, int events)
{
	(void)loop, (void)events;
	finish_reclaim(timer->data, ETIMEDOUT);
}

static bool start_reclaim(struct reclaim *reclaim)
{
	struct engine *engine = reclaim->engine;

	reclaim->worker = memory_reclaim_begin(reclaim->pids, reclaim->group);
	if (reclaim->worker.channel < 0) {
		reclaim->error = errno;
		return false;
	}
	ev_io_set(&reclaim->report, reclaim->worker.channel, EV_READ);
	ev_io_start(engine->loop, &reclaim->report);
	ev_timer_again(engine->loop, &reclaim->limit);
	return true;
}

static void start_next(struct engine *engine)
{
	while (!list_empty(&engine->freezes->reclaims)) {
		struct reclaim *next = container_of(engine->freezes->reclaims.next, struct reclaim, link);

		if (next->worker.channel >= 0 || start_reclaim(next))
			return;
		list_remove(&next->link);
	}
}

struct reclaim *reclaim_begin(struct engine *engine, const pid_t *pids, const char *group)
{
	struct reclaim *reclaim;
	size_t count = 0;

	while (pids[count])
		count++;
	reclaim = calloc(1, sizeof(*reclaim) + (count + 1) * sizeof(*pids));
	if (!reclaim)
		return NULL;
	memcpy(reclaim->pids, pids, count * sizeof(*pids));
	reclaim->engine = engine;
	reclaim->group = group ? strdup(group) : NULL;
	ev_init(&reclaim->report, on_report);
	ev_init(&reclaim->limit, on_limit);
	reclaim->limit.repeat = PIECE_SECONDS;
	reclaim->worker.channel = -1;
	reclaim->report.data = reclaim->limit.data = reclaim;
	list_add(&engine->freezes->reclaims, &reclaim->link);
	start_next(engine);
	return reclaim;
}

int reclaim_end(struct reclaim *reclaim)
{
	struct engine *engine;
	int error;

	if (!reclaim)
		return 0;
	engine = reclaim->engine;
	stop_worker(reclaim);
	list_remove(&reclaim->link);
	error = reclaim->error;
	free(reclaim->group);
	free(reclaim);
	start_next(engine);
	return error;
}
