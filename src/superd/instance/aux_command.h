/* Runs the commands of one phase beside a service's main process (exec_start_pre and so on), one after another. Each
 * command has a time limit and the service's output, and none of its sockets. When a command ends, superd kills the
 * processes that it leaves. The struct is embedded in its owner: an exec_sequence, or the socket commands or the
 * reload of a service. */
#pragma once

#include <ev.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/list.h"
#include "superd/instance/instance.h"
#include "superd/instance/exec_status.h"
#include "superd/loop/engine.h"
#include "superd/loop/exit_result.h"

#define COMMAND_FACTS 4                 /* variables that describe the main process */

struct instance;
struct service_runtime;

struct aux_command {
	struct {                        /* saved */
		struct child child;     /* process of the command; pid 0: none runs */
		ev_timer timer;         /* time limit of the command, then of its end */
		enum command_phase phase; /* phase whose commands run */
		size_t next;            /* number of the command after the one that runs */
		uint64_t private_tmp;   /* number of private folders of this phase; 0: none */
		int64_t time_limit;     /* microseconds for each command; SCAN_INFINITY: no limit */
		bool late;              /* true: superd signalled the command, because its time limit was over */
		bool stopped;           /* true: superd signalled the command for aux_command_stop */
		bool ignores_failure;   /* true: the command that runs has the prefix '-' */
		char facts[COMMAND_FACTS][48]; /* environment NAME=value of the phase's commands; "": unset */
	};
	struct list link;               /* in engine->instances->aux_commands, while a command runs */
	pid_t pid;                      /* pid of the command until its last messages were read; 0: none runs */
	struct exec_status exec_status; /* report of execve(2), while the start is under way */
	struct service_runtime *runtime; /* service of the commands */
	struct instance *instance;      /* the instance the commands are for; NULL: they are for the sockets */
	struct plan *plan;              /* of the service's socket_row, while its commands run; owned; NULL: the service's */
	bool checks;                    /* true: the first command tests the conditions before it runs */
	bool killed;                    /* true: superd sent SIGKILL; the timer limits the wait for a process that hangs */
	bool asks;                      /* true: a command that fails answers a question: that is logged at debug */
	struct last_words last;         /* end of a command, delayed until superd has read its messages */
	int status;                     /* wait status of that command */
	struct fault fault;             /* reason why a command could not run; stage STAGE_NONE: it ran */
	const char *unprepared;         /* reason why a command could not be prepared, while ended is called; NULL: it was */
	const char *remote_address;     /* address of the instance's client; borrowed; NULL: no client */
	int remote_port;                /* port of that client */
	const char *invocation;         /* INVOCATION_ID of all commands; NULL: each has its own */
	void (*ended)(struct aux_command *command, enum result result, int status); /* the last call */
};

void aux_command_init(struct aux_command *command, struct service_runtime *runtime, struct instance *instance,
		      void (*ended)(struct aux_command *command, enum result result, int status));

/* Sets an environment variable for the commands that follow; number is below COMMAND_FACTS. */
void aux_command_set_fact(struct aux_command *command, int number, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Runs the commands of a phase. Calls ended when the last command has succeeded, or when one has failed, with the wait
 * status of the last command that ran. If nothing has to be waited for, it calls ended before it returns. time_limit
 * is in microseconds, for each command; 0 and SCAN_INFINITY: no limit. */
void aux_command_begin(struct aux_command *command, enum command_phase phase, int64_t time_limit);

/* Handles the end of the command. is_heard: superd has read its last messages; else last.heard follows. The sequence
 * of an instance calls this from child.ended. */
void aux_command_end(struct aux_command *command, int status, bool is_heard);

static inline bool aux_command_is_busy(const struct aux_command *command)
{
	return command->child.pid > 0 || !list_empty(&command->last.link);
}

/* Whether no start is under way: no command runs, or the command is known to run its program. */
static inline bool aux_command_is_at_rest(const struct aux_command *command)
{
	return !aux_command_is_busy(command) ||
	       (!exec_status_is_under_way(&command->exec_status) && command->fault.stage == STAGE_NONE);
}

/* Appends "exec_start_pre: /bin/false: " for the last command. */
void aux_command_describe(const struct aux_command *command, struct buf *out);

/* Appends how it ended with this wait status: "it was not done in time", "exec: Permission denied", "exit status 1". */
void aux_command_describe_end(const struct aux_command *command, int status, struct buf *out);

/* Stops the command that runs, with SIGKILL after timeout_stop, and runs no further command. ended follows. */
void aux_command_stop(struct aux_command *command);
void aux_command_kill_all(struct engine *engine);       /* sends SIGKILL to the commands of every service */

/* Stops following a running command, which runs on; ended is not called. The second kills it first. */
void aux_command_forget(struct aux_command *command);
void aux_command_drop(struct aux_command *command);
