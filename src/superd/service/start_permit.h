/* Decides whether an instance that gets the listeners (accept = no) may be started now. */
#pragma once

#include "superd/runtime/runtime.h"

/* Call it after shared_run_prepare. false: not now; *instead gets the event that happens in place of the start. */
bool start_permit(struct service_runtime *runtime, enum service_event *instead);
