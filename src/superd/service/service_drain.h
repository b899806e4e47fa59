/* Drains the instance that has the listeners (superd/stop/stop). */
#pragma once

#include <stdbool.h>

#include "superd/runtime/runtime.h"

void drain_retire(struct service_runtime *runtime); /* for a current instance that drains already */

/* Opens standby sockets and begins a patient drain. false: the instance continues, and gets new clients; why gets the
 * reason. */
bool drain_try(struct service_runtime *runtime, struct buf *why);

/* Drains the current instance because its entry has changed (on_change = drain). Thaws a frozen instance first. An
 * instance that starts drains when it is ready. If new clients cannot be kept from it, superd logs that, and the
 * instance continues. */
void drain_changed(struct service_runtime *runtime);
void drain_when_ready(struct service_runtime *runtime); /* the same for an operator, if it is starting */

/* Begins a drain that waited for a ready instance. Also, if clients may wait at standby sockets that the current
 * instance does not have, drains it, so that another instance serves them. */
void drain_due(struct service_runtime *runtime);
