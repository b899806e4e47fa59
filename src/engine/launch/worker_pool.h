/* A standby is a process of superd's own small programs that has served its connection and waits for the next one,
 * which then costs no start. It belongs to the service and is no instance: it has no client and is counted nowhere.
 * It gets a connection by its channel (engine/accept/builtin_channel), and ends when superd closes that. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/list.h"
#include "engine/core/engine.h"

struct instance_cgroup;

/* The standbys of one service; each waits for a second. */
struct worker_pool {
	struct list list;               /* the longest waiting first */
	unsigned count;
};

void worker_pool_init(struct worker_pool *standbys);

/* Owns the channel and its control group from now on. false: there are enough already, or out of memory. */
bool worker_pool_add(struct worker_pool *standbys, struct engine *engine, pid_t pid, int channel,
		     struct instance_cgroup *group);

/* Takes the last one, which is as warm as any. false: there is none. */
bool worker_pool_take(struct worker_pool *standbys, pid_t *pid, int *channel, struct instance_cgroup *group);

/* Ends all of them. */
void worker_pool_dismiss(struct worker_pool *standbys);
