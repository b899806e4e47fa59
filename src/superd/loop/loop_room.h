/* What the loop may lack: memory, its epoll descriptor, and the kernel's room to watch a descriptor (ENOSPC by
 * fs.epoll.max_user_watches, ENOMEM). libev would stop the watcher for good, so that a new listener would never be
 * served. superd reports success to libev, and adds the descriptor again until the kernel accepts it.
 *
 * It cannot go (2026-11-27): with its functions emptied the tests of behaviour/exhaustion pass still, but
 * tests/faults/run with ONLY=epoll_ctl found 5 cases in 300 s, at 3 calls of loop_room_watch, in which a client of a
 * listener was never answered; in 3 of them the kernel had refused a single call. */
#pragma once

#include <sys/epoll.h>

#include "superd/loop/engine.h"

/* Reserves memory for libev, which calls abort(3) if it gets none: superd must not end because other processes use up
 * the memory. Call it before the loop is made. false and ENOMEM: there is none, so no loop may be made. One that is not
 * whole yet suffices for that, and is filled up once there is more. */
bool loop_room_reserve(void);

/* Call them after the loop is created, and before it is destroyed. In between, a loop that cannot create its epoll
 * descriptor for lack of memory or descriptors tries for 5 s before it ends the process. */
void loop_room_begin(struct engine *engine);
void loop_room_end(struct engine *engine);

/* As epoll_ctl(2), for a set of superd's own that the loop watches. */
void loop_room_watch(int set, int operation, int fd, struct epoll_event *event);

/* Call it for a descriptor that other processes have, too, when its watcher was stopped and before it is closed. Else
 * the kernel continues to watch the open file description (epoll(7)), and libev, which does not know the descriptor,
 * rebuilds its whole epoll set at each event. */
void loop_room_leave(int fd);
