/* The part of a freeze (superd/stop/freeze) that is needed to thaw the instance again. */
#pragma once

#include <ev.h>
#include <stdbool.h>

#include "superd/instance/instance.h"
#include "superd/process/freezer.h"

struct frozen {
	struct freezer freezer;
	ev_timer next;                  /* next check of the processes, while they are being frozen */
	ev_timer again;                 /* repeats a thaw that has failed */
	bool is_under_way;              /* true: it is being frozen */
	double since;                   /* loop time since when all processes are frozen; 0: they are not */
	double limit;                   /* seconds left of the instance's time limit; 0: it had none */
};

/* Thaws its processes, if it is frozen or being frozen, so that they can react to signals. Posts THAWED. */
void instance_thaw(struct instance *instance);

/* Logs "pid 17 WHAT", of a freeze or a thaw. */
void instance_log_freeze(const struct instance *instance, enum level level, const char *name, const char *what);
