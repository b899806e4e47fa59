/* accept = yes: superd starts one instance for each connection, or for each burst of datagrams
 * (superd/service/datagram). */
#pragma once

#include "superd/instance/runtime.h"

/* Accepts clients of a listener, at most a batch, so that one busy service cannot starve the rest, and starts an
 * instance for each that passes the checks. Posts FILLED, LIMITED, EXEC_ERROR or BIND_ERROR. */
void accept_ready(struct service_runtime *runtime, struct listener *listener);

/* Refuses the listener's parked clients and those in its queue, at most a batch: for backoff_refuse, and before a
 * pause for which the listener closes. */
void accept_turn_away(struct service_runtime *runtime, struct listener *listener);

/* Handles HANDED: checks the connections that another service accepted for this one's listeners, in their order, and
 * starts instances for them. A client of a tcpmux endpoint gets "+Go" when it is admitted, if the endpoint asks for
 * that, and "-Service not available" when it is refused (RFC 1078). superd sends both itself, as the checks may take
 * a while. */
void accept_handed(struct service_runtime *runtime);

/* How far a superd that died had come with a client that it had accepted, by the data that it had sent. STAGE_FRESH: no
 * superd has died. */
enum admission_stage accept_stage_reached(struct service_runtime *runtime, const struct client *client);

/* Whether such clients are parked: after an upgrade HANDED has to be posted for them. */
bool accept_has_handed(const struct service_runtime *runtime);
