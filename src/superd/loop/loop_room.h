/* Repeats epoll_ctl(2) calls that the kernel had no room for (ENOSPC by fs.epoll.max_user_watches, ENOMEM). libev stops
 * the watcher for good in that case without a report, so a new listener would never be served. superd reports success
 * to libev, and adds the descriptor again until the kernel accepts it. */
#pragma once

#include "superd/loop/engine.h"

/* Call them after the loop is created, and before it is destroyed. In between, a loop that cannot create its epoll
 * descriptor for lack of memory or descriptors tries for 5 s before it ends the process. */
void loop_room_begin(struct engine *engine);
void loop_room_end(struct engine *engine);

/* Call it for a descriptor that other processes have, too, when its watcher was stopped and before it is closed. Else
 * the kernel continues to watch the open file description (epoll(7)), and libev, which does not know the descriptor,
 * rebuilds its whole epoll set at each event. */
void loop_room_leave(int fd);
