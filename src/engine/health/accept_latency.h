/* Measures the time until clients are really served. A backend that sends READY=1 reports that itself; of all others
 * superd only knows that the program runs, so it looks at the queue until a client was taken from it. */
#pragma once

#include "engine/runtime/runtime.h"

/* The current instance is ready, as far as it tells: takes the latency, now or as soon as it is known. */
void accept_latency_begin(struct service_runtime *runtime);

/* The service was thawed, as at this loop time clients were in a queue of it: measures the time until it takes one. */
void accept_latency_begin_thawed(struct service_runtime *runtime, double asked);

/* Goes on for another superd: the next look is in so many seconds. */
void accept_latency_load(struct service_runtime *runtime, double wait);

void accept_latency_end(struct service_runtime *runtime); /* the current instance has ended, or was frozen */
