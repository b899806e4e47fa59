/* Commands beside a service's main process (exec_start_pre and so on): those of one phase, one after the other,
 * each bounded in time, without its sockets, their output to where the service's goes. What a command leaves
 * running is killed with its end. */
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
	struct list link;               /* in the engine's, while a command runs */
	struct child child;             /* pid 0: none runs */
	struct apart apart;
	ev_timer timer;
	struct keeper *keeper;
	struct instance *instance;      /* whose commands they are; NULL: the sockets' */
	enum command_phase phase;
	size_t next;                    /* the one after that which runs */
	uint64_t private_tmp;           /* of folders that go with this phase; 0: it has none */
	int64_t patience;               /* microseconds for each; SCAN_INFINITY: any time */
	bool checks;                    /* the first of them looks at the conditions before */
	bool late, stopped;             /* it was told to end: its time was over, or control_stop */
	bool doomed;                    /* and killed: its timer is for one that does not end even so */
	bool ignores_failure;           /* the one that runs has - in front */
	struct last_words last;        /* of the one that has ended, until they are heard */
	int status;                     /* and how it ended */
	struct fault fault;             /* of the one that did not come to run; stage STAGE_NONE: it ran */
	const char *remote_address;     /* of the client it is for; NULL: none */
	int remote_port;
	const char *invocation;         /* INVOCATION_ID of all of them; NULL: each has its own */
	char facts[CONTROL_FACTS][48];  /* NAME=value, for all of a phase; "": none */
	void (*ended)(struct control *control, enum result result, int status);         /* the last call */
};

void control_init(struct control *control, struct keeper *keeper, struct instance *instance,
		  void (*ended)(struct control *control, enum result result, int status));

/* A variable for the commands to come; number below CONTROL_FACTS. */
void control_set_fact(struct control *control, int number, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Runs the commands of a phase. ended is called when the last has ended well, or one has failed: with the status of the
 * last that ran; before this returns when there is nothing to wait for. */
void control_begin(struct control *control, enum command_phase phase, int64_t patience);

static inline bool control_is_busy(const struct control *control)
{
	return control->child.pid > 0 || !list_empty(&control->last.link);
}

/* What runs, if anything, is known to run its program, so its end alone tells how it went. */
static inline bool control_is_at_rest(const struct control *control)
{
	return !control_is_busy(control) ||
	       (!apart_is_under_way(&control->apart) && control->fault.stage == STAGE_NONE);
}

/* "exec_start_pre: /bin/false: ", of the one that ran last. */
void control_describe(const struct control *control, struct buf *out);

/* launch_add_interpreter of that one. */
void control_add_interpreter(const struct control *control, struct buf *out);

/* No further commands; the one that runs is told to end, and killed when it doesn't. ended follows. */
void control_stop(struct control *control);
void control_kill_all(struct engine *engine);           /* of every service */

/* Leaves the one that runs to itself; ended is not called. */
void control_forget(struct control *control);

/* For an upgrade (engine/upgrade/carry): a section of what runs, none where nothing does. In control_carry.c. */
struct carry;
void control_carry(struct carry *carry, struct control *control);
