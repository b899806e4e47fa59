/* Processes that superd has given up: of a start that failed, or killed and not gone. Nobody waits for them; the loop
 * reaps each whenever it ends. Until then it is known among the children, so that no other instance takes it for its
 * own.
 *
 * A process that waits in the kernel for a file system without an answer ends by no signal. It costs its service one of
 * a few such places, and nobody else anything. */
#pragma once

#include <stdbool.h>

#include "engine/core/engine.h"
#include "exec/spawn/spawn.h"

#define LEFTOVERS_MOST 4                /* of one service that do not end: then no more is started of it */
#define LEFTOVER_SECONDS 5.             /* after SIGKILL a process has so long to end */

/* As spawn_start and spawn_batch; what a failed start leaves is seen to. */
void unreaped_start(struct engine *engine, struct spawn_request *launch);
void unreaped_start_batch(struct engine *engine, struct spawn_request *launches, size_t count);

/* A process of this service was killed and does not end: says so, and goes on without it. It is no child of anybody
 * else now. pid 0: it is no child of superd's. */
void unreaped_add(struct engine *engine, const struct service *service, pid_t pid);

/* Whether so many processes of the service hang that one more start would only add to them; the reason in why. */
bool unreaped_forbids_start(const struct engine *engine, const struct service *service, struct buf *why);

void unreaped_free(struct engine *engine);
