/* What superd tells whoever started it, where that is asked for (NOTIFY_SOCKET of sd_notify(3)): that it is ready,
 * reloads, stops, and, at need, that it is alive (WATCHDOG_USEC). Silent otherwise; a word that can't be sent is
 * lost. */
#pragma once

#include <ev.h>
#include <stdbool.h>

#include "engine/core/engine.h"
#include "engine/core/roster.h"

struct herald {
	const char *socket;             /* of the environment superd was started with; NULL: nobody asks */
	int sender;                     /* kept, so that who is out of descriptors is not taken for dead; -1: none yet */
	ev_timer watchdog;
	const struct roster *roster;
	bool stopping;
};

/* Once the loop and the environment are there. */
void herald_begin(struct herald *herald, struct engine *engine, const struct roster *roster);

void herald_ready(struct herald *herald);       /* every socket was tried, also after a reload */
void herald_reloading(struct herald *herald);
void herald_stopping(struct herald *herald);
void herald_end(struct herald *herald, int exit_status);
