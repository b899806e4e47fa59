/* Drains of the instance that has the listeners (engine/drain/drain). */
#pragma once

#include <stdbool.h>

#include "engine/runtime/runtime.h"

/* Drains the current instance, whose sockets all must have twins by standby_sockets_open: it is retired, and the
 * runtime goes on without it. If its clients are unknown, it is stopped, or, if patient, goes on until it is told to
 * end. false: a twin is missing, or memory; the instance stays the current one. */
bool drain_current(struct service_runtime *runtime, bool patient);

void drain_retire(struct service_runtime *runtime); /* the current instance drains already */

/* Opens the twins and begins a patient drain. false: the instance goes on, with new clients, too; why gets the
 * reason. */
bool drain_try(struct service_runtime *runtime, struct buf *why);

/* on_change = drain, and its row has changed: the current instance drains. A frozen one is thawed for it, one that
 * starts drains when it is ready. If clients cannot be kept from it, that is logged, and it goes on. */
void drain_changed(struct service_runtime *runtime);
void drain_when_ready(struct service_runtime *runtime); /* the same for an operator, if it starts */

/* Begins a drain that waited until the instance was ready. And if clients may wait at twins while the current instance
 * has the listeners, it drains, and another one serves them. */
void drain_due(struct service_runtime *runtime);
