/* Opens and closes the sockets of a service together. */
#pragma once

#include "superd/socket/socket_condition.h"
#include "superd/instance/runtime.h"

/* Opens the listeners that are not open, or notes why the service goes without one. false: a required one failed, or
 * all optional ones did; the reason is logged with the pause that follows. */
bool runtime_bind(struct service_runtime *runtime);

/* Notes which sockets their conditions keep closed, and logs the new ones. Call it before either of the others. */
void runtime_judge_sockets(struct service_runtime *runtime, const struct condition_query *query);

/* Tries again to open sockets that are absent, unless their conditions do not hold. Does so later if an instance has
 * the others now. */
void runtime_open_absent(struct service_runtime *runtime);

void runtime_close_listeners(struct service_runtime *runtime); /* also closes standby sockets */
