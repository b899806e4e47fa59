/* Before clients at the listeners start or thaw a service, superd may have to ask the kernel whether they are worth it
 * (engine/queue/probes, engine/queue/doubt). */
#pragma once

#include <stdbool.h>

#include "engine/runtime/runtime.h"

bool ward_off(struct keeper *keeper);           /* true: superd asks first; ACTIVITY follows if a client waits */
void ward_forget(struct keeper *keeper);        /* drops the question */
