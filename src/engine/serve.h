/* accept = yes: an instance a connection, and for datagrams (engine/datagram) an instance a burst. */
#pragma once

#include "engine/keeper.h"

/* Accepts what waits at a listener, at most a batch, so that one busy service can't starve the rest, and starts an
 * instance for each that may come in. Raises FILLED, EXEC_ERROR or BIND_ERROR by
 * itself. */
void serve_ready(struct keeper *keeper, struct listener *listener);
