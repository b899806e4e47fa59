/* Thawing that no client has asked for (engine/freeze/frost). */
#pragma once

#include <stdbool.h>

#include "engine/runtime/runtime.h"

bool service_thaw(struct keeper *keeper);       /* whoever has had its instance frozen; false: nobody has */

/* For an upgrade, as only the superd that has frozen processes can thaw them: thaws its instance, to be frozen anew
 * when the upgrade is done, or has failed. It does not count as woken. */
void service_freeze_set_aside(struct keeper *keeper);
