/* Connections of probe_from: health checks and load balancers that only look whether a service listens. If superd
 * accepts itself, it closes them at once, before the gate. If a backend would have to be started or thawed for them,
 * superd asks the kernel who waits in the queue (engine/clients/conn_query), and lets nobody in meanwhile. */
#pragma once

#include <stdbool.h>

#include "engine/runtime/runtime.h"

/* accept = yes. true: the client is a probe, and was closed and counted. */
bool health_probes_take(struct service_runtime *runtime, struct client *client);

/* accept = no: connections wait at a listener while nothing of the service runs. true: superd asks first; ACTIVITY
 * follows if one of them is no probe. */
bool health_probes_filter(struct service_runtime *runtime);

/* Whether a backend's connection, of which fd is a copy, is a probe's, which must not wake it. */
bool health_probes_own(const struct service_runtime *runtime, int fd);

/* Drops the question. */
void health_probes_forget(struct service_runtime *runtime);
