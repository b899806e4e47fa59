/* What instances say at their service's socket (engine/launch/notify): read, told apart by who says it, and handed to that
 * instance's notice. */
#pragma once

#include <stdbool.h>

#include "engine/instance/instance.h"
#include "engine/launch/notify.h"

/* Hears what has come; for engine->hear. */
void hearing_take(struct notify *notify);

/* The instance may speak from now on, where there is a socket and it may not yet. false: out of memory. */
bool hearing_join(struct notify *notify, struct instance *instance);
