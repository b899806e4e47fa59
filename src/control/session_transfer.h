/* Operators over an upgrade: who follows what happens goes on doing so, who asks nothing stays connected, and who waits for
 * the upgrade is answered when it is done. What was last logged of each service goes over, too. */
#pragma once

#include "base/ledger.h"
#include "control/server.h"
#include "engine/upgrade/carry.h"

/* Writes them: for the supervisor's carry_operators. Who waits for anything else loses the connection. */
void session_transfer_write(void *server, struct carry *carry);

/* Takes them from the ledger of another superd, before anything is logged that is for them. */
void session_transfer_read(struct server *server, struct ledger *ledger);

/* The upgrade is done: tells those who wait for that. */
void session_transfer_answer(struct server *server, struct ledger *ledger);
