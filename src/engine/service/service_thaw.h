/* Thawing that no client has asked for (engine/freeze/freeze). */
#pragma once

#include <stdbool.h>

#include "engine/runtime/runtime.h"

bool service_thaw(struct service_runtime *runtime); /* whoever has had its instance frozen; false: nobody has */

/* For an upgrade, as only the superd that has frozen processes can thaw them: thaws its instance, to be frozen anew
 * when the upgrade is done, or has failed. It does not count as woken. */
void service_freeze_set_aside(struct service_runtime *runtime);
