/* Services whose start has failed while descriptors were short: the end of an instance ends their pause, and wakes two
 * of them, as it may free more or less than one start needs. Those that fail again go to the end of the list. */
#pragma once

#include "superd/instance/runtime.h"

/* For how many starts with a client there are descriptors, at most `most`. */
size_t fd_shortage_room(struct engine *engine, size_t most);

/* Its pause after a failed start begins. If descriptors are short, frees the start kits of idle services, too. */
void fd_shortage_wait(struct service_runtime *runtime);

/* An instance that ran has ended. Do not call it for a failed start, which frees only its own descriptors: the service
 * would wake itself and try again without a pause, as long as the shortage lasts. */
void fd_shortage_pass(struct engine *engine);
