/* Returns the memory of frozen instances to the kernel: file pages are dropped, other pages go to swap if there is any. By
 * memory.reclaim of their control group, else by process_madvise(2), mapping by mapping. A superd-page-out does it, as it
 * may block on disks and on the processes themselves, for one instance after another, because all wait for the same
 * disks. superd skips an instance without progress, so that the next one has its turn. */
#pragma once

#include <sys/types.h>

#include "superd/instance/runtime.h"
#include "superd/start/worker_process.h"

struct reclaim;

/* The state that the freezes of all services share, as engine->freezes. */
struct freezes {
	struct list reclaims;           /* reclaims that run or wait for their turn */
	bool no_proc_logged;            /* true: superd logged that it can freeze nothing without /proc (superd/stop/freeze) */
};

void freezes_init(struct engine *engine, struct freezes *freezes);

/* A pid of 0 ends the list. group: path of their control group; NULL: none. NULL: no memory. */
struct reclaim *reclaim_begin(struct service_runtime *runtime, const pid_t *pids, const char *group);

/* Ends and frees it, before the processes are thawed. Returns 0, or an errno if nothing could be reclaimed. Accepts
 * NULL. */
int reclaim_end(struct reclaim *reclaim);

/* What the process is and says, for tests. 0 ends the list of processes; group may be NULL; owner is that of
 * worker_process_start. Its channel becomes readable before each piece, and at the end. `channel` -1, with errno: it could
 * not be started. */
struct worker_process memory_reclaim_begin(const pid_t *pids, const char *group, uint64_t owner);

/* Reads some of the reports from the channel without blocking. true: the helper is done; *error is 0 if any memory was
 * returned, else why not. */
bool memory_reclaim_hear(const struct worker_process *process, int *error);
