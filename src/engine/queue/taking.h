/* How long it took until clients were really served. What says READY=1 tells that itself; of all others superd knows only
 * that their program runs, so it looks at the queue until somebody has been taken from it. */
#pragma once

#include "engine/service/keeper.h"

/* The current instance is ready as far as it told: what it took is counted, now or as soon as it is known. */
void taking_begin(struct keeper *keeper);

/* It was frozen, and at this loop time somebody was in a queue of it: how long until it takes them is counted. */
void taking_begin_thawed(struct keeper *keeper, double asked);

/* One that another superd has begun: its next look is in so many seconds. */
void taking_resume(struct keeper *keeper, double wait);

void taking_end(struct keeper *keeper);         /* the current instance has ended, or was frozen */
