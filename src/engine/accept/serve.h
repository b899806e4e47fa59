/* accept = yes: an instance a connection, and for datagrams (engine/accept/datagram) an instance a burst. */
#pragma once

#include "engine/runtime/runtime.h"

/* Accepts clients of a listener, at most a batch, so that one busy service cannot starve the rest, and starts an
 * instance for each that is let in. Raises FILLED, LIMITED, EXEC_ERROR or BIND_ERROR by itself. */
void serve_ready(struct keeper *keeper, struct listener *listener);

/* backoff_refuse, and before a pause for which the listener closes: refuses clients that were accepted already, and
 * those that wait at a listener, at most a batch. */
void serve_turn_away(struct keeper *keeper, struct listener *listener);

/* Takes a connection that another service accepted for one of this keeper's listeners (tcpmux) through the same
 * gate, in the same order, to a start. Owns client->fd in any case. true: it is served, now or after a pause or a
 * question; false: it was refused, logged and closed. To a tcpmux endpoint the gate says "+Go" itself when the
 * client is let in (where the endpoint asks for it), and "-Service not available" when it is refused, as either may
 * be decided later. */
bool serve_client(struct keeper *keeper, struct listener *listener, struct client *client);
