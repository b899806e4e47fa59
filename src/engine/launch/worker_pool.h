/* Idle workers: processes of superd's own small programs that have served a connection and wait for the next one,
 * which then needs no start. A worker belongs to the service and is no instance: it has no client and no limit counts
 * it. It gets a connection by its channel (engine/accept/builtin_channel), and ends when superd closes the channel. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/list.h"
#include "engine/core/engine.h"

struct instance_cgroup;

/* The idle workers of one service; each waits for a second. Embedded in struct start_kit. */
struct worker_pool {
	struct list list;               /* the longest waiting first */
	unsigned count;                 /* workers in the list */
};

void worker_pool_init(struct worker_pool *pool);

/* Adds a process; owns its channel and control group. false: the pool is full, or out of memory; the caller keeps
 * them. */
bool worker_pool_add(struct worker_pool *pool, struct engine *engine, pid_t pid, int channel,
		     struct instance_cgroup *group);

/* Takes the worker that was added last. false: the pool is empty. */
bool worker_pool_take(struct worker_pool *pool, pid_t *pid, int *channel, struct instance_cgroup *group);

/* Ends all of them. */
void worker_pool_dismiss(struct worker_pool *pool);
