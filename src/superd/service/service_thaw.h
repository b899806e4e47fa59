/* Thaws an instance without a client (superd/stop/freeze). */
#pragma once

#include <stdbool.h>

#include "superd/instance/runtime.h"

bool service_thaw(struct service_runtime *runtime); /* thaws it, for any reason of the freeze; false: it was not frozen */

/* For an upgrade: thaws the instance, because only the superd that has frozen processes can thaw them. If an operator had
 * it frozen, it is frozen again after the upgrade (upgrade_freeze_again). This does not count as a thaw. */
void service_freeze_set_aside(struct service_runtime *runtime);
