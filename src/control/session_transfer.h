/* Operators over an upgrade: who follows what happens goes on doing so, who asks nothing stays connected, and who waits
 * for the upgrade is answered when it is done. What was last logged of each service goes over, too. */
#pragma once

#include "base/state_stream.h"
#include "control/server.h"
#include "engine/upgrade/save.h"

/* Takes them from the superd before, if there was one, before anything is logged that is for them; and has them written
 * for the one after, except those who wait for anything else: they lose the connection. */
void session_transfer_begin(struct server *server);

/* An upgrade is done, if this superd comes of one: tells those who wait for that. */
void session_transfer_answer(struct server *server);
