/* Before clients at the listeners start or thaw a service, superd may have to ask the kernel whether they are worth it
 * (engine/health/health_probes, engine/health/progress_proof). */
#pragma once

#include <stdbool.h>

#include "engine/runtime/runtime.h"

bool activation_filter_ask(struct service_runtime *runtime); /* true: superd asks first; ACTIVITY follows if a client waits */
void activation_filter_forget(struct service_runtime *runtime); /* drops the question */
