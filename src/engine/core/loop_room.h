/* Room in the kernel for what the loop watches. Where there is none for one more descriptor (ENOSPC by
 * fs.epoll.max_user_watches, ENOMEM) libev stops its watcher for good, and nobody hears of it: a listener that was just
 * opened would never be served. So libev is told that all is well, and the descriptor is tried again until there is
 * room. */
#pragma once

#include "engine/core/engine.h"

/* When the loop has been made, and before it ends. */
void loop_room_begin(struct engine *engine);
void loop_room_end(struct engine *engine);

/* For a descriptor whose watcher has been stopped and that others have, too, before it is closed. The kernel goes on
 * watching what they have, libev is told of a descriptor it does not know, and watches everything anew for that. */
void loop_room_leave(int fd);
