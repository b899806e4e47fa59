/* Gives a client to a program that was started ahead of it (superd/instance/warm_pool). superd keeps the client,
 * counted as one that is being started, until the program has taken its connection; then the program's instance is the
 * client's, as if it had been started for it. If the program has ended before, the client is still superd's. */
#pragma once

#include <stddef.h>

#include "superd/service/pending_client.h"

/* Gives clients to programs that wait, as far as there are any; returns how many clients are left, moved to the front.
 * returned: called for a client whose program has ended without it; it is counted as before. */
size_t handover_begin(struct service_runtime *runtime, struct pending_client *pending, size_t count,
		      void (*returned)(struct service_runtime *runtime, struct pending_client *pending));

/* The service's listeners are about to change, or superd is: a program that still lives and has not taken its client
 * yet has it from now on, as one that was started for it would. runtime NULL: of all services. */
void handover_settle(struct engine *engine, const struct service_runtime *runtime);
