/* Probes: connections from probe_from, and with probe = silent connections that are closed before their first byte, by
 * which health checks, load balancers and port scanners test whether a service listens. With accept = yes superd closes
 * them before it applies any limit. With accept = no superd does not start or thaw a backend for them: it asks the
 * kernel which clients are in the queue (engine/clients/conn_query), and waits for the answer. */
#pragma once

#include <stdbool.h>

#include "engine/runtime/runtime.h"

/* For accept = yes. true: the client is a probe, and was closed and counted. */
bool health_probes_take(struct service_runtime *runtime, struct client *client);

/* The same for a client that has closed without a byte. */
bool health_probes_take_silent(struct service_runtime *runtime, struct client *client);

/* For accept = no, called when connections wait while no instance runs. true: a query is under way; ACTIVITY follows if
 * one of them is no probe, else LOOK. */
bool health_probes_filter(struct service_runtime *runtime);

/* Cancels the query. */
void health_probes_forget(struct service_runtime *runtime);
