/* accept = yes: an instance a connection, and for datagrams (engine/accept/datagram) an instance a burst. */
#pragma once

#include "engine/runtime/runtime.h"

/* Accepts clients of a listener, at most a batch, so that one busy service cannot starve the rest, and starts an
 * instance for each that is let in. Posts FILLED, LIMITED, EXEC_ERROR or BIND_ERROR. */
void accept_ready(struct service_runtime *runtime, struct listener *listener);

/* backoff_refuse, and before a pause for which the listener closes: refuses clients that were accepted already, and
 * those that wait at a listener, at most a batch. */
void accept_turn_away(struct service_runtime *runtime, struct listener *listener);

/* Takes the connections that another service accepted for this one's listeners (HANDED) through the same gate, in the
 * same order, to starts. To a tcpmux endpoint the gate says "+Go" itself when the client is let in (where the endpoint
 * asks for it), and "-Service not available" when it is refused, as either may be decided later. */
void accept_handed(struct service_runtime *runtime);
