/* tcpmux (RFC 1078). superd-builtin has read the name that the client sent. superd finds the service with a tcpmux:
 * endpoint of that name, which then checks the client like any other. */
#pragma once

#include "superd/instance/runtime.h"

#define MUX_PATIENCE 30.                /* seconds that a client waits for a service that cannot be started now */

/* Services with a tcpmux: endpoint, as engine->admission->tcpmux. */
struct tcpmux {
	struct service_runtime **runtimes; /* borrowed; NULL: none listed yet */
	size_t count;                   /* runtimes in the list */
	uint64_t table;                 /* service_list->generation when the list was made */
	ev_timer timer;                 /* fires when a parked client has waited for MUX_PATIENCE */
};

void tcpmux_init(struct engine *engine, struct tcpmux *mux);

/* A client of `by`, a service with builtin = tcpmux, requests the service of this name: parks it there, as ARRIVED, and
 * posts HANDED; or refuses it. Owns the connection. */
void tcpmux_serve(struct service_runtime *by, const char *name, int connection);

/* A client of a tcpmux: endpoint is parked until this clock_now(): HANDED is posted then, so that its service refuses
 * it. */
void tcpmux_wait(struct engine *engine, double until);

void tcpmux_free(struct engine *engine);
