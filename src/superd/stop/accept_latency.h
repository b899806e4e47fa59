/* Measures the latency of a start until a client is really accepted. A backend that sends READY=1 reports that itself.
 * For others superd only knows that the program runs, so it checks the accept queue until the queue is shorter. */
#pragma once

#include "superd/instance/runtime.h"

/* Called when the current instance is ready, as far as superd knows: records the latency now, or when a client was
 * accepted. */
void accept_latency_begin(struct service_runtime *runtime);

/* Called when the service was thawed for clients in its queue, seen at the loop time `asked`: measures the time
 * until it accepts one. */
void accept_latency_begin_thawed(struct service_runtime *runtime, double asked);

/* Called when the current instance has ended or was frozen, with the number of clients in the queue; UINT_MAX: unknown,
 * because standby sockets had clients. */
void accept_latency_end(struct service_runtime *runtime, unsigned waiting);
