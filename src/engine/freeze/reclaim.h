/* Hands the memory of frozen instances back to the kernel (exec/processes/memory_reclaim): one after the other, as all
 * wait for the same disks. One that makes no progress is given up, so that the next has its turn. */
#pragma once

#include <sys/types.h>

#include "engine/core/engine.h"

struct reclaim;

/* The freezing of all services, as engine->freezes. */
struct freezes {
	struct list reclaims;           /* frozen instances whose memory is handed back */
	bool no_proc_logged;            /* it was logged that nothing can be frozen without /proc (engine/freeze/freeze) */
};

void freezes_init(struct engine *engine, struct freezes *freezes);

/* 0 ends the list of processes, group may be NULL. NULL: no memory. */
struct reclaim *reclaim_begin(struct engine *engine, const pid_t *pids, const char *group);

/* They are needed again. Gives errno of why nothing could be handed back, 0 where something was, or it has not come
 * to that. Accepts NULL. */
int reclaim_end(struct reclaim *reclaim);
