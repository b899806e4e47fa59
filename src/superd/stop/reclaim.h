/* Makes the kernel reclaim the memory of frozen instances (superd/process/memory_reclaim), one instance after another,
 * because all wait for the same disks. superd skips an instance without progress, so that the next one has its turn. */
#pragma once

#include <sys/types.h>

#include "superd/instance/runtime.h"

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
