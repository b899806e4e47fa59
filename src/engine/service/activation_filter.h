/* Before a client at a listener starts or thaws a service, superd may have to ask the kernel about it: whether it is
 * a health check (engine/health/health_probes), and whether a backend would serve it (engine/health/progress_proof). */
#pragma once

#include <stdbool.h>

#include "engine/runtime/runtime.h"

/* Whether a query is needed. If so, superd starts it, and ACTIVITY follows if a client waits. */
bool activation_filter_ask(struct service_runtime *runtime);
void activation_filter_forget(struct service_runtime *runtime); /* drops a question that has no answer yet */
