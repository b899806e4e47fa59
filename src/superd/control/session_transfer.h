/* Passes the clients of the control socket to the new superd of an upgrade. Idle clients stay connected, events and top
 * continue, and a client that waits for the upgrade gets its answer. The recent log is passed on, too. */
#pragma once

#include "superd/control/server.h"
#include "superd/reload/save.h"
#include "superd/saved/state_stream.h"

/* Restores the sessions from the superd before, if there was one. Call it before anything is logged that they should
 * get. Registers the saving for the next upgrade; clients that wait for anything else lose their connection then. */
void session_transfer_begin(struct server *server);

/* After an upgrade: answers the clients that wait for it. */
void session_transfer_answer(struct server *server);
