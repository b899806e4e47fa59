/* What all parts of the engine share: the loop, the log, the children, and the few descriptors kept for all. One
 * of it, inside struct supervisor. */
#pragma once

#include <ev.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "base/log.h"
#include "base/syslog.h"
#include "engine/children.h"
#include "engine/gate.h"
#include "sys/init.h"
#include "sys/plan.h"

struct keeper;
struct backend_actions;

#define ENGINE_SPARE 4                  /* what one start may need for itself */

struct engine {
	struct ev_loop *loop;
	struct log *log;
	struct syslog syslog;           /* for backends' output = "syslog" */
	struct heritage heritage;
	struct inheritance inheritance;
	struct children children;
	struct sources sources;         /* instances by service and client address */
	struct list released;           /* outputs whose service has let them go (engine/output) */
	struct list resting;            /* means of services without an instance, the one that rests longest first */
	size_t resting_count;
	struct list none;               /* an empty list */
	struct list lingering;          /* instances whose first process ended while others of its group live */
	struct list starts;             /* instances of type = forking whose daemon is not settled (engine/daemon) */
	size_t instances;               /* alive, of all services */
	int null_input, null_output;    /* /dev/null, low, for backends */
	int spare[ENGINE_SPARE];        /* given up for a moment when descriptors run out; -1: given up */
	bool stopping;
	uint64_t chance;                /* state of the jitter's generator */
	const struct backend_actions *actions;
	void (*on_fatal)(struct engine *engine, struct keeper *keeper, int status);     /* on_failure = exit: a wait status */
	void (*on_starved)(struct engine *engine);      /* no memory for a timer: call TIMER on those that pause, in a while */
	void (*on_gone)(struct engine *engine, struct keeper *keeper);          /* a keeper is off and has no instance left */
	void *context;
};

/* A number in [0, 1) for jitter. */
double engine_chance(struct engine *engine);

/* Descriptors ran out: gives the spare ones up, so that something can be said and one instance started for those
 * who hold the rest; engine_keep_spare takes them again as far as they are free. */
void engine_drop_spare(struct engine *engine);
void engine_keep_spare(struct engine *engine);
