/* Probes: connections from probe_from, and with probe = silent connections that are closed before their first byte, by
 * which health checks, load balancers and port scanners test whether a service listens. With accept = yes superd closes
 * them before it applies any limit. With accept = no superd starts nothing for them (superd/stop/start_look). */
#pragma once

#include <stdbool.h>

#include "superd/instance/runtime.h"

/* For accept = yes. true: the client is a probe, and was closed and counted. */
bool health_probes_take(struct service_runtime *runtime, struct client *client);

/* The same for a client that has closed without a byte. */
bool health_probes_take_silent(struct service_runtime *runtime, struct client *client);

void health_probes_count(struct service_runtime *runtime, unsigned number);     /* counts and logs probes that were closed */
