/* Commands beside a service's main process (exec_start_pre and so on): those of one phase, one after the other, each
 * with a time limit, without the service's sockets, with its output. Processes that a command leaves are killed at
 * its end. */
#pragma once

#include <ev.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "engine/core/engine.h"
#include "engine/core/exit_result.h"
#include "engine/instance/instance.h"
#include "engine/launch/exec_status.h"

#define COMMAND_FACTS 4                 /* variables of its own */

struct instance;
struct service_runtime;

struct aux_command {
	struct list link;               /* in engine->instances->aux_commands, while a command runs */
	struct child child;             /* pid 0: none runs */
	pid_t pid;                      /* outlives child.pid, for its last messages; 0: none runs */
	struct exec_status exec_status;
	ev_timer timer;
	struct service_runtime *runtime;
	struct instance *instance;      /* the instance the commands are for; NULL: they are for the sockets */
	enum command_phase phase;
	size_t next;                    /* number of the command after the one that runs */
	uint64_t private_tmp;           /* number of private folders of this phase; 0: none */
	int64_t time_limit;             /* microseconds for each command; SCAN_INFINITY: no limit */
	bool checks;                    /* the first command checks the conditions first */
	bool late, stopped;             /* it was told to end, as its time was over, or by aux_command_stop */
	bool killed;                    /* it was killed; its timer ends the wait for one that hangs even so */
	bool ignores_failure;           /* the command that runs has a '-' in front */
	struct last_words last;        /* the end of a command that waits until its messages were read */
	int status;                     /* wait status of that command */
	struct fault fault;             /* why a command could not run; stage STAGE_NONE: it ran */
	const char *remote_address;     /* address of the client it is for; NULL: none */
	int remote_port;
	const char *invocation;         /* INVOCATION_ID of all commands; NULL: each has its own */
	char facts[COMMAND_FACTS][48];  /* NAME=value, for all commands of a phase; "": none */
	void (*ended)(struct aux_command *command, enum result result, int status); /* the last call */
};

void aux_command_init(struct aux_command *command, struct service_runtime *runtime, struct instance *instance,
		      void (*ended)(struct aux_command *command, enum result result, int status));

/* Sets a variable for later commands; number below COMMAND_FACTS. */
void aux_command_set_fact(struct aux_command *command, int number, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Runs the commands of a phase. Calls ended when the last has ended well, or one has failed, with the wait status of
 * the last that ran; before this returns if there is nothing to wait for. */
void aux_command_begin(struct aux_command *command, enum command_phase phase, int64_t time_limit);

/* The command has ended. is_heard: its last messages were read; else last.heard follows. An instance's calls this from
 * child.ended. */
void aux_command_end(struct aux_command *command, int status, bool is_heard);

static inline bool aux_command_is_busy(const struct aux_command *command)
{
	return command->child.pid > 0 || !list_empty(&command->last.link);
}

/* No command runs, or it is known to run its program, so its end alone gives the result. */
static inline bool aux_command_is_at_rest(const struct aux_command *command)
{
	return !aux_command_is_busy(command) ||
	       (!exec_status_is_under_way(&command->exec_status) && command->fault.stage == STAGE_NONE);
}

/* Adds "exec_start_pre: /bin/false: ", for the last command. */
void aux_command_describe(const struct aux_command *command, struct buf *out);

/* As launch_add_interpreter, for that command. */
void aux_command_add_interpreter(const struct aux_command *command, struct buf *out);

/* Ends the command that runs, by SIGKILL at need, and runs no further ones. ended follows. */
void aux_command_stop(struct aux_command *command);
void aux_command_kill_all(struct engine *engine);       /* commands of every service */

/* Leaves a running command to itself; ended is not called. */
void aux_command_forget(struct aux_command *command);
