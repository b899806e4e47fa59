/* How long a service was in each of its states: what an operator plots who wants to see how much it sleeps. A zeroed
 * struct has counted nothing. */
#pragma once

#include "engine/core/transition.h"

struct spent {
	double seconds[STATES];         /* of those it has left */
	double entered;                 /* when it came into the one it is in, loop time */
};

/* It leaves this state now, loop time. */
void spent_leave(struct spent *spent, enum state left, double now);

/* Seconds in that state until now, when it is in this one; spent NULL: it has been in this one since `since`. */
double spent_in(const struct spent *spent, enum state state, enum state current, double since, double now);
