/* Reports to the service manager that started superd, if it wants that (NOTIFY_SOCKET of sd_notify(3)): superd is
 * ready, reloads, stops, and, if wanted, is alive (WATCHDOG_USEC). A message that cannot be sent is lost. */
#pragma once

#include <ev.h>
#include <stdbool.h>

#include "engine/core/engine.h"
#include "engine/runtime/roster.h"

struct herald {
	const char *socket;             /* NOTIFY_SOCKET of the environment superd was started with; NULL: none */
	int sender;                     /* kept, so that a superd without free descriptors is not taken for dead; -1: none yet */
	ev_timer watchdog;
	const struct roster *roster;
	bool stopping;
};

/* Called once the loop and the environment are there. */
void herald_begin(struct herald *herald, struct engine *engine, const struct roster *roster);

void herald_ready(struct herald *herald);       /* superd has tried to open every socket; also after a reload */
void herald_reloading(struct herald *herald);
void herald_stopping(struct herald *herald);
void herald_end(struct herald *herald, int exit_status);
