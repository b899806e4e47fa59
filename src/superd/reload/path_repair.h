/* Restores socket files that a process has removed or replaced, after inotify(7) has reported them
 * (superd/listener/socket_path_watch). */
#pragma once

#include "superd/loop/engine.h"

/* Opens the sockets of all touched files again. Sockets of a service that is just starting are checked later, because
 * its instance is about to get the present ones. */
void path_repair(struct engine *engine);
