/* Starts the services that a service wants, and keeps them awake with it. The start of the service waits until each of
 * them is ready, has failed, or has had its timeout_start; then it continues, as with systemd's Wants=. */
#pragma once

#include "base/buf.h"
#include "engine/runtime/runtime.h"

/* Called after each event of a service, which may want others, or be wanted by others. slept: it was frozen before the
 * event. */
void wants_follow(struct service_runtime *runtime, bool slept);

/* Called when the start of a service waits for others, and when one of them has changed. */
void wants_look(struct service_runtime *runtime);

/* Called after a reload, which may have changed the wanted services. */
void wants_follow_all(struct engine *engine);

/* Appends "it waits for db (wants)"; nothing if its start does not wait. */
void wants_describe_wait(const struct service_runtime *runtime, struct buf *out);
