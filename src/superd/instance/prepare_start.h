/* Prepares a start of a service: the parts of its start kit (superd/instance/start_kit) that depend on other services. */
#pragma once

#include <stdbool.h>

#include "lib/buf.h"
#include "superd/instance/runtime.h"

/* Makes the parts of the kit that are missing. false: that failed, for the reason in why. */
bool runtime_prepare_start(struct service_runtime *runtime, struct buf *why);

/* Makes the plan of one connection, if the plan of the kit requires one for each connection. instance: the value of
 * %{instance}. The caller frees the plan. NULL with the reason in why. */
struct plan *runtime_plan_connection(struct service_runtime *runtime, const char *instance, struct buf *why);

/* Makes the plan of the service's relay, which runs as this account, which is borrowed. The caller frees the plan. NULL
 * with the reason in why. */
struct plan *runtime_plan_relay(struct service_runtime *runtime, const struct account *account, struct buf *why);
