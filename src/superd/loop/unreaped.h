/* Processes that superd has given up: of a start that failed, or killed and still there. superd does not wait for them,
 * and reaps each when it ends. Until then it stays among the children, so that no other instance takes it over.
 *
 * A process in uninterruptible sleep (state D), for example on a file system that does not respond, does not react to
 * SIGKILL. A service may have LEFTOVERS_MOST of them; other services are not affected. */
#pragma once

#include <ev.h>
#include <stdbool.h>
#include <stddef.h>

#include "superd/loop/engine.h"
#include "superd/start/spawn.h"

#define LEFTOVERS_MOST 4                /* hanging processes of one service from which superd starts no more of it */
#define LEFTOVER_SECONDS 5.             /* seconds that a process has to end after SIGKILL */

/* Like spawn_batch; they also follow the process that a failed start leaves. unreaped_start: of one. */
void unreaped_start(struct engine *engine, struct spawn_request *launch);
void unreaped_start_batch(struct engine *engine, struct spawn_request *launches, size_t count);

/* guard_note_handover, with room: where there is none, superd saves its state, which has what was noted. */
int32_t *unreaped_note_handover(struct engine *engine, const struct start_note *note, int channel);

/* Logs that a process of this service was killed and does not end, and follows it from now on. The caller has
 * removed it from the children. pid 0: it is not superd's child. */
void unreaped_add(struct engine *engine, const struct service *service, pid_t pid);

/* Whether LEFTOVERS_MOST processes of the service hang, so that superd must not start another; why gets the reason. */
bool unreaped_forbids_start(const struct engine *engine, const struct service *service, struct buf *why);

void unreaped_free(struct engine *engine);

/* Nothing else is served while superd starts processes: services whose clients cost many starts, each with a
 * superd-advise maybe, must not take a turn of any length. */
#define START_TIME_ALL .004             /* seconds of a turn in which superd starts processes for clients */
/* Seconds of a turn in which superd accepts clients while lookups are under way: the rest is for clients whose lookups
 * are done. */
#define START_TIME_CLIENTS .002

/* Notes `count` starts that have taken so many seconds together. */
void start_time_add(struct start_time *times, struct ev_loop *loop, size_t count, double seconds);

/* Returns how many starts fit into the rest of `seconds` of this turn, at most `most`. */
size_t start_time_room(const struct start_time *times, struct ev_loop *loop, double seconds, size_t most);
