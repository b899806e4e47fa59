/* Prevents a busy loop of a service whose instances succeed again and again while the queue gets no shorter. Before the
 * next start superd asks the kernel which clients wait (engine/clients/conn_query), without blocking the loop. If all
 * clients from before the last start still wait, the last instance accepted none, and superd pauses the service. */
#pragma once

#include <stdbool.h>

#include "engine/runtime/runtime.h"

/* Called when clients wait while no instance runs. true: a query is under way; ACTIVITY, CRASHED or LOOK follows. */
bool progress_proof_filter(struct service_runtime *runtime);

bool progress_proof_is_open(const struct service_runtime *runtime); /* whether so many ends look like no progress that a proof is needed */

/* Cancels the query. */
void progress_proof_forget(struct service_runtime *runtime);
