/* What superd asks the kernel before a client in the queue starts or thaws a service with accept = no
 * (superd/stop/conn_query), one question after the other, without blocking the loop:
 *
 * - Are all of them probes (superd/stop/health_probes)? Then nothing starts, and superd closes them.
 * - Did the last instance take any? Instances that succeed again and again while the queue gets no shorter would be a
 *   busy loop. If all clients from before the last start still wait, it took none, and superd pauses the service. */
#pragma once

#include <stdbool.h>

#include "superd/instance/runtime.h"

/* Called when clients wait while no instance runs. true: a question is under way; ACTIVITY follows if one of them
 * starts the service, else CRASHED or LOOK. may_prove: also if nobody may be a probe. */
bool start_look_begin(struct service_runtime *runtime, bool may_prove);

void start_look_forget(struct service_runtime *runtime);        /* drops a question that has no answer yet */
