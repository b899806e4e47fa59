/* What an instance goes through around its main process: conditions and commands before it, its start apart,
 * commands when it is ready, commands of its stop and after its end. An instance of a service that has none of
 * this has no course.
 *
 * * exec_condition, exec_start_pre - main process - exec_start_post - ready … exec_stop - signals - exec_stop_post
 * - over
 *
 * * So an instance may exist before its process does, and after: it counts, and its keeper waits for it. What is
 * different where superd accepts is its owner's to do. */
#pragma once

#include <stdbool.h>

#include "engine/instance/control.h"
#include "engine/instance/instance.h"
#include "engine/launch/apart.h"
#include "exec/spawn/spawn.h"

struct course;

struct course_owner {
	/* Starts the main process, as launch says. false, with the reason in why, when it could not. */
	bool (*launch)(struct course *course, struct launch *launch, struct buf *why);
	void (*runs)(struct course *course);    /* its program runs */
	void (*ready)(struct course *course);   /* and it is ready, and so are its commands: the start has succeeded */
	void (*recall)(struct course *course);  /* takes back what it keeps for its program; NULL: nothing */
	/* accept = yes: its end, without a program that ran. The client goes back, the keeper hears of it; frees the instance. */
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
	ev_timer over;                  /* tells its end outside of whatever led to it */
	char invocation[INVOCATION_ID + 1];             /* of all its processes; "": none */
	bool has_run;                   /* a main process ran its program */
	bool main_is_gone;
	bool waits;                     /* what instance->starting is once its program runs */
	struct fault fault;             /* why none did; STAGE_NONE: it did, or that was not tried */
	struct buf why;                 /* of a start that failed: what to say */
};

/* Whether there is more around its main process than a start that takes its time: then no process may serve twice. */
bool course_has_steps(const struct service *service, const struct plan *plan);

/* Whether a start of this service takes one. */
static inline bool course_is_needed(const struct service *service, const struct plan *plan)
{
	return plan->apart || course_has_steps(service, plan);
}

/* Makes the course of an instance, which is counted from now on. */
void course_init(struct course *course, struct keeper *keeper, struct instance *instance, const struct course_owner *owner);

/* The course of an instance that another superd has begun, before its step is set. */
void course_resume(struct course *course, struct keeper *keeper, struct instance *instance,
		   const struct course_owner *owner);

/* No start is under way, of its main process or of a command, and its end is not about to be told. */
bool course_is_at_rest(struct course *course);

/* Its step is set: where that is one of commands, and none came over, it goes on as behind one that has failed. */
void course_go_on(struct course *course);

void course_begin(struct course *course);

/* The main process is ready: for instance->on_ready. */
void course_main_is_ready(struct course *course);

/* Its keeper goes on without it: what has not come to run, or remains without a process, is stopped. */
void course_retire(struct course *course);

void course_free(struct course *course);        /* what it holds; its memory is its owner's */
