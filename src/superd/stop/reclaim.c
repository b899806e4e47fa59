/* The queue of instances whose memory is handed back to the kernel; only the first one is being worked on. Each report
 * says that the process makes progress; the last one is its result. */
#include "superd/stop/reclaim.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/fd.h"
#include "lib/list.h"
#include "superd/loop/worker_wait.h"
#include "worker/record/request.h"

#define PIECE_SECONDS 10.               /* a piece takes no longer, of a disk that works */
#define REPORTS_MOST 64                 /* that superd reads in one turn */

struct reclaim {
	struct list link;               /* in the engine's, until it is over */
	struct service_runtime *runtime;
	struct worker_wait worker;      /* for the process that is at it */
	char *group;
	int error;
	pid_t pids[];
};

struct worker_process memory_reclaim_begin(const pid_t *pids, const char *group, uint64_t owner)
{
	char path[PATH_MAX];
	bool named = group && snprintf(path, sizeof(path), "%s/memory.reclaim", group) < (int)sizeof(path);
	int file = named ? open(path, O_WRONLY | O_CLOEXEC) : -1;
	struct page_out_request request = { .pids = pids, .group = group };
	struct worker_process process;
	struct record record = { 0 };

	while (pids[request.pid_count])
		request.pid_count++;
	page_out_request_record(&record, &request);
	process = worker_process_begin(WORKER_PAGE_OUT, owner, &record, &file, file >= 0);
	fd_close(&file);
	return process;
}

bool memory_reclaim_hear(const struct worker_process *process, int *error)
{
	static const struct answer_form form = { .process = "superd-page-out", .size = 1 };
	unsigned char byte;
	ssize_t got;

	for (int n = 0; n < REPORTS_MOST; n++) {
		got = worker_process_hear(process, &form, &byte, NULL, NULL);
		if (got < 0)
			return false;
		*error = got > 0 ? byte : ECHILD;
		if (*error != PAGE_OUT_PROGRESS)
			return true;
	}
	return false;
}

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
