/* Whether an instance that is handed the listeners (accept = no) may be started now. */
#pragma once

#include "engine/runtime/runtime.h"

/* false: not now, and instead is what happens to the service. After shared_run_prepare. */
bool start_permit(struct service_runtime *runtime, enum service_event *instead);
