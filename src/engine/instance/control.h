/* Commands beside a service's main process (exec_start_pre and so on): those of one phase, one after the other, each
 * with a time limit, without the service's sockets, with its output. Processes that a command leaves are killed at
 * its end. */
#pragma once

#include <ev.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "engine/core/engine.h"
#include "engine/core/result.h"
#include "engine/instance/instance.h"
#include "engine/launch/apart.h"

#define CONTROL_FACTS 4                 /* variables of its own */

struct instance;
struct keeper;

struct control {
	struct list link;               /* in engine->controls, while a command runs */
	struct child child;             /* pid 0: none runs */
	struct apart apart;
	ev_timer timer;
	struct keeper *keeper;
	struct instance *instance;      /* the instance the commands are for; NULL: they are for the sockets */
	enum command_phase phase;
	size_t next;                    /* number of the command after the one that runs */
	uint64_t private_tmp;           /* number of private folders of this phase; 0: none */
	int64_t patience;               /* microseconds for each command; SCAN_INFINITY: no limit */
	bool checks;                    /* the first command checks the conditions first */
	bool late, stopped;             /* it was told to end, as its time was over, or by control_stop */
	bool doomed;                    /* it was killed; its timer ends the wait for one that hangs even so */
	bool ignores_failure;           /* the command that runs has a '-' in front */
	struct last_words last;        /* the end of a command that waits until its messages were read */
	int status;                     /* wait status of that command */
	struct fault fault;             /* why a command could not run; stage STAGE_NONE: it ran */
	const char *remote_address;     /* address of the client it is for; NULL: none */
	int remote_port;
	const char *invocation;         /* INVOCATION_ID of all commands; NULL: each has its own */
	char facts[CONTROL_FACTS][48];  /* NAME=value, for all commands of a phase; "": none */
	void (*ended)(struct control *control, enum result result, int status);         /* the last call */
};

void control_init(struct control *control, struct keeper *keeper, struct instance *instance,
		  void (*ended)(struct control *control, enum result result, int status));

/* Sets a variable for later commands; number below CONTROL_FACTS. */
void control_set_fact(struct control *control, int number, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Runs the commands of a phase. Calls ended when the last has ended well, or one has failed, with the wait status of
 * the last that ran; before this returns if there is nothing to wait for. */
void control_begin(struct control *control, enum command_phase phase, int64_t patience);

static inline bool control_is_busy(const struct control *control)
{
	return control->child.pid > 0 || !list_empty(&control->last.link);
}

/* No command runs, or it is known to run its program, so its end alone gives the result. */
static inline bool control_is_at_rest(const struct control *control)
{
	return !control_is_busy(control) ||
	       (!apart_is_under_way(&control->apart) && control->fault.stage == STAGE_NONE);
}

/* Adds "exec_start_pre: /bin/false: ", for the last command. */
void control_describe(const struct control *control, struct buf *out);

/* As launch_add_interpreter, for that command. */
void control_add_interpreter(const struct control *control, struct buf *out);

/* Ends the command that runs, by SIGKILL at need, and runs no further ones. ended follows. */
void control_stop(struct control *control);
void control_kill_all(struct engine *engine);           /* commands of every service */

/* Leaves a running command to itself; ended is not called. */
void control_forget(struct control *control);
