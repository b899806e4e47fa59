/* Whether an instance that is handed the listeners (accept = no) may be started now. */
#pragma once

#include "engine/service/keeper.h"

/* false: not now, and the keeper got an event for that. Needs the activity. */
bool permit_start(struct keeper *keeper);
