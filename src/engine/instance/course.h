/* The steps of an instance around its main process: conditions and commands before it, its start apart, commands when
 * it is ready, commands of its stop and after its end. An instance of a service without any of these has no course.
 *
 *   exec_condition, exec_start_pre - main process - exec_start_post - ready
 *   exec_stop - signals - exec_stop_post - over
 *
 * So an instance may exist before its process does, and after: it counts, and its keeper waits for it. struct
 * course_owner has the calls that differ between accept = yes and no. */
#pragma once

#include <stdbool.h>

#include "engine/instance/control.h"
#include "engine/instance/instance.h"
#include "engine/launch/apart.h"
#include "exec/spawn/spawn.h"

struct course;

struct course_owner {
	/* Starts the main process, and fills launch. false: that failed, for the reason in why. */
	bool (*launch)(struct course *course, struct spawn_request *launch, struct buf *why);
	void (*runs)(struct course *course);    /* the program runs */
	void (*ready)(struct course *course);   /* it is ready, and its commands are done: the start has succeeded */
	void (*recall)(struct course *course);  /* takes back the client that it keeps for its program; NULL: none */
	/* accept = yes: it has ended before its program ran. Gives the client back, tells the keeper, frees the
	 * instance. */
	void (*unserved)(struct instance *instance, const struct ending *ending);
};

enum course_step {
	COURSE_BEFORE,                  /* commands before the main process */
	COURSE_LAUNCHED,                /* its process is on the way to its program */
	COURSE_RUNNING,                 /* it runs, and is not ready */
	COURSE_AFTER,                   /* commands behind its start */
	COURSE_READY,
	COURSE_REMAINING,               /* it has ended well, and counts as running */
	COURSE_LEAVING,                 /* commands of its stop */
	COURSE_CLEARING,                /* commands after its end */
};

struct course {
	struct instance *instance;
	struct keeper *keeper;
	const struct course_owner *owner;
	enum course_step step;
	struct control control;
	struct apart apart;
	ev_timer over;                  /* reports its end from the loop, outside of the call that led to it */
	char invocation[INVOCATION_ID + 1];             /* INVOCATION_ID of all its processes; "": none */
	bool has_run;                   /* a main process ran its program */
	bool main_is_gone;
	bool waits;                     /* value of instance->starting once its program runs */
	struct fault fault;             /* why no program ran; STAGE_NONE: one did, or was not tried */
	struct buf why;                 /* reason of a failed start, for the log */
};

/* Whether there is more around its main process than a start apart: then no process may serve twice. */
bool course_has_steps(const struct service *service, const struct plan *plan);

/* Whether a start of this service needs a course. */
static inline bool course_is_needed(const struct service *service, const struct plan *plan)
{
	return plan->apart || course_has_steps(service, plan);
}

/* Makes the course of an instance, which is counted from now on. */
void course_init(struct course *course, struct keeper *keeper, struct instance *instance,
		 const struct course_owner *owner);

/* The course of an instance that another superd has begun, before its step is set. */
void course_resume(struct course *course, struct keeper *keeper, struct instance *instance,
		   const struct course_owner *owner);

/* No start of its main process or of a command is under way, and its end is not about to be reported. */
bool course_is_at_rest(struct course *course);

/* After its step was set: if that is a step of commands, and none came over, it goes on as after a failed one. */
void course_go_on(struct course *course);

void course_begin(struct course *course);

/* The main process is ready: for instance->on_ready. */
void course_main_is_ready(struct course *course);

/* Its keeper goes on without it: stops an instance that does not run its program yet, or remains without a process. */
void course_retire(struct course *course);

void course_free(struct course *course);        /* frees its contents; the owner frees the struct */
