/* An instance that is being frozen, or is frozen (superd/stop/freeze), and how it is thawed again. */
#pragma once

#include <ev.h>
#include <stdbool.h>

#include "superd/instance/instance.h"
#include "superd/process/freezer.h"

struct freeze_fds;
struct reclaim;

/* Owner: the instance; made by its first freeze. */
struct freeze {
	struct instance *instance;
	struct freezer freezer;
	struct file_id *sockets;        /* sockets of the listeners, for the freezer */
	ev_timer next;                  /* next check of the processes, while they are being frozen */
	ev_timer again;                 /* repeats a thaw that has failed */
	double waited;                  /* seconds between its looks so far */
	bool is_under_way;              /* it is being frozen */
	double since;                   /* loop time since when all processes are frozen; 0: they are not */
	double limit;                   /* seconds left of the instance's time limit; 0: it had none */
	double last_thaw;               /* loop time; 0: never */
	bool is_operators;              /* an operator has ordered it (freeze_hold) */
	bool is_logged;                 /* it was logged that the instance cannot be frozen */
	bool is_reclaim_logged;         /* it was logged that its memory cannot be handed back */
	bool has_failed;                /* the first look has failed */
	bool is_unwatched;              /* superd cannot watch all its sockets */
	struct freeze_fds *watch;       /* NULL: only the listeners are watched */
	struct reclaim *reclaim;        /* hands its memory back (freeze_reclaim); NULL: nothing does */
};

/* Thaws its processes, if it is frozen or being frozen, so that they can react to signals. Posts THAWED. */
void instance_thaw(struct instance *instance);

/* Logs "pid 17 WHAT", of a freeze or a thaw. */
void instance_log_freeze(const struct instance *instance, enum level level, const char *name, const char *what);
