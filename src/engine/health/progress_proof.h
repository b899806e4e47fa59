/* Services whose instances end well again and again while the queue gets no shorter. Before the next start superd
 * asks the kernel who waits (engine/clients/conn_query), without blocking the loop. If all clients from before the last
 * start still wait, that instance has taken none, and the next start is paused. */
#pragma once

#include <stdbool.h>

#include "engine/runtime/runtime.h"

/* Clients wait at a listener while nothing of the service runs. true: superd asks first; ACTIVITY or CRASHED
 * follows. */
bool progress_proof_filter(struct service_runtime *runtime);

bool progress_proof_is_open(const struct service_runtime *runtime); /* its last ends are still to be judged */

/* Drops the question. */
void progress_proof_forget(struct service_runtime *runtime);
