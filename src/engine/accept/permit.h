/* Whether an instance that is handed the listeners (accept = no) may be started now. */
#pragma once

#include "engine/service/keeper.h"

/* false: not now, and the keeper was told so by an event of its own. Needs the activity. */
bool permit_start(struct keeper *keeper);
