/* Shares out descriptors when they are short. Each accepted client takes one, so many services with one client each
 * might leave none for a start. The first service that cannot start therefore comes before the others, which leave
 * their clients in the kernel's queue. When instances end, the services that failed try again, one after another. */
#pragma once

#include "superd/runtime/runtime.h"

/* A start, or an accept(2), has failed with this errno: EMFILE and ENFILE are noted. */
void fd_shortage_note(struct service_runtime *runtime, int error);

/* A start has failed for an unknown reason: descriptors are short if superd cannot open all spare ones. Also frees
 * the start kits of idle services, which may include this one's. */
void fd_shortage_look(struct service_runtime *runtime);

/* A start has succeeded. */
void fd_shortage_end(struct service_runtime *runtime);

/* Whether the service must leave its clients in the queue, as another service comes first. */
bool fd_shortage_comes_after(struct service_runtime *runtime);

/* An instance that ran has ended: wakes services that wait. Do not call it for a failed start, which frees only its own
 * descriptors: the service would wake itself and try again without a pause, as long as the shortage lasts. */
void fd_shortage_pass(struct engine *engine);
