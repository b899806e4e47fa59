/* A short wait for a client that exceeds only a limit on counts. An instance counts until superd reaps it, so a
 * client that comes right after another has left would sometimes be refused by chance. It waits, not counted, for an
 * instance to end; then superd treats it as if it had just come. */
#pragma once

#include <stdbool.h>

#include "superd/service/pending_client.h"

#define SLOT_WAIT_SECONDS .05           /* longest wait */
#define SLOT_WAIT_EACH 16               /* waiting clients of one service, at most */
#define SLOT_WAIT_MOST 64               /* waiting clients of all services, at most; a flood is refused at once */

/* Takes the client over, once for each client. `over` is called from the loop when there may be room, or the wait is
 * over; cancelled: the service closes, or changes its listeners. `over` owns the client; `pending` itself is valid
 * only during the call. false: too many clients wait, or this one has waited before; the caller keeps it. */
bool slot_wait_give(struct service_runtime *runtime, struct pending_client *pending,
		    void (*over)(struct service_runtime *runtime, struct pending_client *pending, bool cancelled));

/* Called after the end of an instance: ends the wait of clients that have room now. */
void slot_wait_look(struct engine *engine);

void slot_wait_cancel(struct service_runtime *runtime); /* cancels the waits of this service's clients */
