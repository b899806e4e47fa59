/* A moment's grace for a client that only a limit of a count keeps out. An instance counts until superd reaps it, so
 * a client that comes right after another has left would be refused now and then, by luck alone. It waits, counted
 * nowhere, for an instance to end, and is then treated as if it came only now. */
#pragma once

#include <stdbool.h>

#include "engine/accept/guest.h"

#define GRACE_SECONDS .05
#define GRACE_EACH 16                   /* of one service at once */
#define GRACE_MOST 64                   /* of all: a flood is refused as it comes */

/* Takes the client over, once each. over is called in the loop when there may be room for it, or its time is over;
 * cancelled: its keeper closes, or changes its listeners. It owns the guest again, which is gone when it returns.
 * false: as many wait as may, or it has waited already; nothing is taken over. */
bool grace_give(struct keeper *keeper, struct guest *guest,
		void (*over)(struct keeper *keeper, struct guest *guest, bool cancelled));

/* After the end of an instance: lets clients go on that have room now. */
void grace_look(struct engine *engine);

void grace_cancel(struct keeper *keeper);       /* calls over, cancelled, for each of this keeper's clients */
