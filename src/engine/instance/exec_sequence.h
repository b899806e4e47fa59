/* The steps of an instance around its main process: conditions and commands before it, its start apart, commands when
 * it is ready, commands of its stop and after its end. An instance of a service without any of these has no course.
 *
 *   exec_condition, exec_start_pre - main process - exec_start_post - ready
 *   exec_stop - signals - exec_stop_post - over
 *
 * So an instance may exist before its process does, and after: it counts, and its runtime waits for it. struct
 * course_owner has the calls that differ between accept = yes and no. */
#pragma once

#include <stdbool.h>

#include "engine/instance/aux_command.h"
#include "engine/instance/instance.h"
#include "engine/launch/exec_status.h"
#include "exec/spawn/spawn.h"

struct exec_sequence;

struct exec_sequence_owner {
	/* Starts the main process, and fills launch. false: that failed, for the reason in why. */
	bool (*launch)(struct exec_sequence *sequence, struct spawn_request *launch, struct buf *why);
	void (*runs)(struct exec_sequence *sequence); /* the program runs */
	void (*ready)(struct exec_sequence *sequence); /* it is ready, and its commands are done: the start has succeeded */
	void (*recall)(struct exec_sequence *sequence); /* takes back the client that it keeps for its program; NULL: none */
	/* accept = yes: it has ended before its program ran. Gives the client back, tells the runtime, frees the
	 * instance. */
	void (*unserved)(struct instance *instance, const struct ending *ending);
};

enum exec_step {
	EXEC_STEP_BEFORE,               /* commands before the main process */
	EXEC_STEP_LAUNCHED,             /* its process is on the way to its program */
	EXEC_STEP_RUNNING,              /* it runs, and is not ready */
	EXEC_STEP_AFTER,                /* commands behind its start */
	EXEC_STEP_READY,
	EXEC_STEP_REMAINING,            /* it has ended well, and counts as running */
	EXEC_STEP_LEAVING,              /* commands of its stop */
	EXEC_STEP_CLEARING,             /* commands after its end */
};

struct exec_sequence {
	struct instance *instance;
	struct service_runtime *runtime;
	const struct exec_sequence_owner *owner;
	enum exec_step step;
	struct aux_command control;
	struct exec_status apart;
	ev_timer over;                  /* reports its end from the loop, outside of the call that led to it */
	char invocation[INVOCATION_ID + 1];             /* INVOCATION_ID of all its processes; "": none */
	bool has_run;                   /* a main process ran its program */
	bool main_is_gone;
	bool waits;                     /* value of instance->starting once its program runs */
	struct fault fault;             /* why no program ran; STAGE_NONE: one did, or was not tried */
	struct buf why;                 /* reason of a failed start, for the log */
};

/* Whether there is more around its main process than a start apart: then no process may serve twice. */
bool exec_sequence_has_steps(const struct service *service, const struct plan *plan);

/* Whether a start of this service needs a course. */
static inline bool exec_sequence_is_needed(const struct service *service, const struct plan *plan)
{
	return plan->apart || exec_sequence_has_steps(service, plan);
}

/* Makes the course of an instance, which is counted from now on. */
void exec_sequence_init(struct exec_sequence *sequence, struct service_runtime *runtime, struct instance *instance,
			const struct exec_sequence_owner *owner);

/* The course of an instance that another superd has begun, before its step is set. */
void exec_sequence_resume(struct exec_sequence *sequence, struct service_runtime *runtime, struct instance *instance,
			  const struct exec_sequence_owner *owner);

/* No start of its main process or of a command is under way, and its end is not about to be reported. */
bool exec_sequence_is_at_rest(struct exec_sequence *sequence);

/* After its step was set: if that is a step of commands, and none came over, it goes on as after a failed one. */
void exec_sequence_go_on(struct exec_sequence *sequence);

void exec_sequence_begin(struct exec_sequence *sequence);

/* The main process is ready: for instance->on_ready. */
void exec_sequence_main_is_ready(struct exec_sequence *sequence);

/* Its runtime goes on without it: stops an instance that does not run its program yet, or remains without a process. */
void exec_sequence_retire(struct exec_sequence *sequence);

void exec_sequence_free(struct exec_sequence *sequence); /* frees its contents; the owner frees the struct */
