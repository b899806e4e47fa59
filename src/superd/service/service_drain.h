/* Drains (superd/stop/stop) and thaws (superd/stop/freeze) the instance that has the listeners. */
#pragma once

#include <stdbool.h>

#include "superd/instance/runtime.h"

void drain_retire(struct service_runtime *runtime); /* for a current instance that drains already */

/* Opens standby sockets and begins a patient drain, which does not have to wait. false: the instance continues, and
 * gets new clients; why gets the reason. */
bool drain_try(struct service_runtime *runtime, struct buf *why);

/* The same. While the instance is starting, or another process has to let the address be shared, it waits, and begins by
 * drain_due. */
bool drain_begin(struct service_runtime *runtime, struct buf *why);

/* Drains the current instance because its entry has changed (on_change = drain). Thaws a frozen instance first. If new
 * clients cannot be kept from it, superd logs that, and the instance continues. */
void drain_changed(struct service_runtime *runtime);

/* Begins a drain that waited. Also, if clients may wait at standby sockets that the current
 * instance does not have, drains it, so that another instance serves them. */
void drain_due(struct service_runtime *runtime);

bool service_thaw(struct service_runtime *runtime); /* without a client; for any reason of the freeze. false: it was not frozen */
