/* The freezing of an instance (engine/freeze/freeze), as far as it takes to thaw it again. */
#pragma once

#include <ev.h>
#include <stdbool.h>

#include "engine/instance/instance.h"
#include "exec/processes/freezer.h"

struct frozen {
	struct freezer freezer;
	ev_timer next;                  /* the next look, while it is being frozen */
	bool is_under_way;              /* it is being frozen */
	double since;                   /* loop time; 0: not all processes stand still */
	double limit;                   /* rest of the instance's time limit, seconds; 0: it had none */
};

/* Thaws its processes, if it is frozen or being frozen, so that they can react to signals. THAWED follows. */
void instance_thaw(struct instance *instance);
