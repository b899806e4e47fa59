/* tcpmux (RFC 1078): superd's part. superd-builtin has read the name a client said; here it is looked up among the
 * services with a tcpmux: endpoint, and the client goes through that service's gate like any other. */
#pragma once

#include "engine/runtime/runtime.h"

#define MUX_PATIENCE 30.                /* seconds that a client waits for a service that cannot be started now */

/* Services with a tcpmux: endpoint, as engine->admission->tcpmux. */
struct tcpmux {
	struct service_runtime **runtimes;
	size_t count;
	uint64_t table;                 /* service_list->changes when the list was made */
	ev_timer timer;                 /* ends when a parked client of theirs has waited for too long */
};

void tcpmux_init(struct engine *engine, struct tcpmux *mux);

/* A client of `by`, a service with builtin = tcpmux, wants the service of this name: parks it there, as ARRIVED, and
 * posts HANDED. Takes the connection over. */
void tcpmux_serve(struct service_runtime *by, const char *name, int connection);

/* A client of a tcpmux: endpoint is parked until this loop time. Then HANDED is posted once more. */
void tcpmux_wait(struct engine *engine, double until);

void tcpmux_free(struct engine *engine);
