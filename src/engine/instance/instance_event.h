/* The commands of an instance around its main process: conditions and commands before it, its start apart, commands when
 * it is ready, commands of its stop and after its end. An instance of a service without any of these has no sequence.
 *
 *   exec_condition, exec_start_pre - main process - exec_start_post - ready
 *   exec_stop - signals - exec_stop_post - over
 *
 * So an instance may exist before its process does, and after: it counts, and its runtime waits for it. What follows
 * what is in engine/instance/instance_table. */
#pragma once

#include <stdbool.h>

#include "engine/instance/aux_command.h"
#include "engine/instance/instance.h"
#include "engine/launch/exec_status.h"
#include "exec/spawn/spawn.h"

struct exec_sequence {
	struct instance *instance;
	struct service_runtime *runtime;
	struct aux_command command;
	struct exec_status exec_status;
	ev_timer over;                  /* reports its end from the loop, outside of the call that led to it */
	char invocation[INVOCATION_ID + 1];             /* INVOCATION_ID of all its processes; "": none */
	bool has_run;                   /* a main process ran its program */
	bool main_is_gone;
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

/* Makes the sequence of an instance, which is counted from now on. */
void exec_sequence_init(struct exec_sequence *sequence, struct service_runtime *runtime, struct instance *instance);

/* The sequence of an instance that another superd has begun, before its state is set. */
void exec_sequence_load(struct exec_sequence *sequence, struct service_runtime *runtime, struct instance *instance);

/* The same without its commands' messages, for these two. */
void exec_sequence_make(struct exec_sequence *sequence, struct service_runtime *runtime, struct instance *instance);

/* No start of its main process or of a command is under way, and its end is not about to be reported. */
bool exec_sequence_is_at_rest(struct exec_sequence *sequence);

/* After its state was set: if a command should run, and none came over, it goes on as after a failed one. */
void exec_sequence_go_on(struct exec_sequence *sequence);

void exec_sequence_begin(struct exec_sequence *sequence);

/* Its runtime goes on without it: stops an instance that does not run its program yet, or remains without a process.
 * keeps_client: not one that is on the way to its program with its client. */
void exec_sequence_retire(struct exec_sequence *sequence, bool keeps_client);

void exec_sequence_free(struct exec_sequence *sequence); /* frees its contents; the owner frees the struct */
