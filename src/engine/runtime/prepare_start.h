/* What a start of a service needs (engine/launch/start_kit), made from all that runs. */
#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "engine/runtime/runtime.h"

/* Makes what is missing in its kit. false: that failed, for the reason in why. */
bool runtime_prepare_start(struct service_runtime *runtime, struct buf *why);

/* The plan of one connection, where the kit's plan says that each has its own: instance is what %{instance} stands for.
 * The caller's to free; NULL with the reason in why. */
struct plan *runtime_plan_connection(struct service_runtime *runtime, const char *instance, struct buf *why);
