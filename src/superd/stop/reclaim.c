/* The queue of instances whose memory is handed back to the kernel; only the first one is being worked on. */
#include "superd/stop/reclaim.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/list.h"
#include "superd/loop/worker_wait.h"
#include "superd/process/memory_reclaim.h"

#define PIECE_SECONDS 10.               /* a piece takes no longer, of a disk that works */

struct reclaim {
	struct list link;               /* in the engine's, until it is over */
	struct service_runtime *runtime;
	struct worker_wait worker;      /* for the process that is at it */
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

static void on_report(struct worker_wait *worker, bool late)
{
	struct reclaim *reclaim = container_of(worker, struct reclaim, worker);
	int error = ETIMEDOUT;

	if (!late && !memory_reclaim_hear(&worker->process, &error)) {
		alarm_set(&worker->limit, PIECE_SECONDS);
		return;
	}
	reclaim->error = error;
	worker_wait_end(worker);
	list_remove(&reclaim->link);
	start_next(reclaim->runtime->engine);
}

static bool start_reclaim(struct reclaim *reclaim)
{
	const char *service = reclaim->runtime->service->name;
	struct worker_process process = memory_reclaim_begin(reclaim->pids, reclaim->group, worker_owner(service));
	bool started = worker_wait_begin(&reclaim->worker, process, service, PIECE_SECONDS);

	if (!started)
		reclaim->error = errno;
	return started;
}

static void start_next(struct engine *engine)
{
	while (!list_empty(&engine->freezes->reclaims)) {
		struct reclaim *next = container_of(engine->freezes->reclaims.next, struct reclaim, link);

		if (next->worker.process.channel >= 0 || start_reclaim(next))
			return;
		list_remove(&next->link);
	}
}

struct reclaim *reclaim_begin(struct service_runtime *runtime, const pid_t *pids, const char *group)
{
	struct reclaim *reclaim;
	size_t count = 0;

	while (pids[count])
		count++;
	reclaim = calloc(1, sizeof(*reclaim) + (count + 1) * sizeof(*pids));
	if (!reclaim)
		return NULL;
	memcpy(reclaim->pids, pids, count * sizeof(*pids));
	reclaim->runtime = runtime;
	reclaim->group = group ? strdup(group) : NULL;
	worker_wait_init(&reclaim->worker, runtime->engine, on_report);
	list_add(&runtime->engine->freezes->reclaims, &reclaim->link);
	start_next(runtime->engine);
	return reclaim;
}

int reclaim_end(struct reclaim *reclaim)
{
	struct engine *engine;
	int error;

	if (!reclaim)
		return 0;
	engine = reclaim->runtime->engine;
	worker_wait_end(&reclaim->worker);
	list_remove(&reclaim->link);
	error = reclaim->error;
	free(reclaim->group);
	free(reclaim);
	start_next(engine);
	return error;
}
