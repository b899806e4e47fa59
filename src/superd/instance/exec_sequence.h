/* The commands of an instance around its main process: conditions and commands before it, an asynchronous start,
 * commands when it is ready, commands of its stop and after its end. An instance of a service without any of these has
 * no sequence. The owner of the instance embeds the struct in its own.
 *
 *   exec_condition, exec_start_pre - main process - exec_start_post - ready
 *   exec_stop - signals - exec_stop_post - over
 *
 * So an instance may exist before its process does, and after it: it counts, and its service waits for it.
 * superd/instance/instance_table has the order of the steps. */
#pragma once

#include <stdbool.h>

#include "superd/instance/aux_command.h"
#include "superd/instance/instance.h"
#include "superd/instance/exec_status.h"
#include "superd/start/spawn.h"

struct exec_sequence {
	struct {                        /* saved */
		char invocation[INVOCATION_ID + 1]; /* INVOCATION_ID of all its processes; "": none */
		bool has_run;           /* true: a main process ran its program */
		bool main_is_gone;      /* true: the main process and the others of its group have ended */
		struct buf why;         /* reason of a failed start, for the log */
	};
	struct instance *instance;
	struct service_runtime *runtime;
	struct aux_command command;     /* command of the present phase */
	struct exec_status exec_status; /* report of the main process's execve(2), while the start is under way */
	ev_timer over;                  /* zero timer: reports the end from the loop, outside of the call that led to it */
	struct fault fault;             /* reason why no program ran; STAGE_NONE: one ran, or none was tried */
};

/* Whether an instance by this plan needs a sequence. */
static inline bool exec_sequence_is_needed(const struct plan *plan)
{
	return plan->apart || plan->has_steps;
}

/* Makes the sequence of an instance, and counts the instance as live. */
void exec_sequence_init(struct exec_sequence *sequence, struct service_runtime *runtime, struct instance *instance);

/* Makes the sequence of an instance that the superd before the upgrade had; call it before the state is set. */
void exec_sequence_load(struct exec_sequence *sequence, struct service_runtime *runtime, struct instance *instance);

/* Only for these two: the same, without a callback for the messages of commands. */
void exec_sequence_make(struct exec_sequence *sequence, struct service_runtime *runtime, struct instance *instance);

/* Whether no start of the main process or of a command is under way, and no end is about to be reported. */
bool exec_sequence_is_at_rest(struct exec_sequence *sequence);

/* Called after an upgrade, when the state is set: if a command should run and the old superd passed none on, continues
 * as after a failed command. */
void exec_sequence_go_on(struct exec_sequence *sequence);

/* Called before that, if the superd before has died behind the start of the main process and before it saved that: the
 * sequence is loaded as it was in a command, and this is its main process. */
void exec_sequence_adopt(struct exec_sequence *sequence, pid_t pid);

void exec_sequence_begin(struct exec_sequence *sequence);

/* Called when its service retires the instance: stops it if it does not run its program yet, or remains without a
 * process (remain_after_exit). keeps_client: does not stop one that is being launched for its client. */
void exec_sequence_retire(struct exec_sequence *sequence, bool keeps_client);

void exec_sequence_free(struct exec_sequence *sequence); /* frees its contents; the owner frees the struct */
