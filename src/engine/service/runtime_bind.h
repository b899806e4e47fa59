/* Opens and closes the sockets of a service together. */
#pragma once

#include "engine/runtime/runtime.h"

/* Opens the listeners that are not open, or notes why the service goes without one. false: a required one failed, or
 * all optional ones did; the reason is logged with the pause that follows. */
bool runtime_bind(struct service_runtime *runtime);

/* Tries again to open sockets that are absent because they failed or rested, with `all` also those whose conditions did
 * not hold. Does so later if an instance has the others now. */
void runtime_open_absent(struct service_runtime *runtime, bool all);

/* Adds why superd takes no client from this socket now: a condition, an error, or a rest. false: it is served, as far as
 * the service is. */
bool runtime_describe_absence(const struct service_runtime *runtime, const struct listener *listener, struct buf *out);

void runtime_close_listeners(struct service_runtime *runtime); /* also closes standby sockets */
