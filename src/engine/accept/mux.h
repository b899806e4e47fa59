/* tcpmux (RFC 1078): superd's part. superd-builtin has read the name a client said; here it is looked up among the
 * services with a tcpmux: endpoint, and the client goes through that service's gate like any other. */
#pragma once

#include "engine/runtime/runtime.h"

#define MUX_PATIENCE 30.                /* seconds that a client waits for a service that cannot be started now */

/* A client of `by`, a service with builtin = tcpmux, wants the service of this name: parks it there, as ARRIVED, and posts
 * HANDED. Takes the connection over. */
void mux_serve(struct keeper *by, const char *name, int connection);

/* A client of a tcpmux: endpoint is parked until this loop time. */
void mux_wait(struct engine *engine, double until);

void mux_say_unavailable(const struct client *client);

void mux_free(struct engine *engine);
