/* A moment's grace for a client that only a limit of a count keeps out. An instance counts until superd reaps it, so
 * a client that comes right after another has left would be refused now and then, by luck alone. It waits, counted
 * nowhere, for an instance to end, and is then treated as if it came only now. */
#pragma once

#include <stdbool.h>

#include "engine/accept/pending.h"

#define GRACE_SECONDS .05
#define GRACE_EACH 16                   /* of one service at once */
#define GRACE_MOST 64                   /* of all: a flood is refused as it comes */

/* Takes the client over, once each. over is called in the loop when there may be room for it, or its time is over;
 * cancelled: its runtime closes, or changes its listeners. It owns the guest again, which is gone when it returns.
 * false: as many wait as may, or it has waited already; nothing is taken over. */
bool slot_wait_give(struct service_runtime *runtime, struct pending_client *guest,
		    void (*over)(struct service_runtime *runtime, struct pending_client *guest, bool cancelled));

/* After the end of an instance: lets clients go on that have room now. */
void slot_wait_look(struct engine *engine);

void slot_wait_cancel(struct service_runtime *runtime); /* calls over, cancelled, for each of this runtime's clients */
