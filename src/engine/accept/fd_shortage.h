/* Descriptors are short, and many services have clients. Each accepted client takes a descriptor, so many services with
 * one client each might leave none for a start. So the first service that cannot start comes before the others, which
 * leave their clients in the kernel's queue. As instances end, the services that failed try again, in their turn. */
#pragma once

#include "engine/runtime/runtime.h"

/* A start, or an accept(2), has failed with this errno: EMFILE and ENFILE are noted. */
void fd_shortage_note(struct service_runtime *runtime, int error);

/* The same for an unknown reason: descriptors are short if the spare ones are not complete. After fd_shortage_note it
 * also frees what the service itself keeps at rest. */
void fd_shortage_look(struct service_runtime *runtime);

/* A start has succeeded. */
void fd_shortage_end(struct service_runtime *runtime);

/* Whether its clients have to stay in the queue, as those of another service come first. */
bool fd_shortage_comes_after(struct service_runtime *runtime);

/* An instance that ran has ended. Not for a failed start, which has given back only what it took: it would wake itself,
 * and try again without a pause for as long as the shortage lasts. */
void fd_shortage_pass(struct engine *engine);
