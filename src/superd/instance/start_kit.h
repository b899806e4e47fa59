/* The start kit of a service: the objects that every start needs, as the plan and the pipes for output. superd makes
 * them at a start and keeps them for the next. Of services without an instance only the last few keep theirs.
 *
 * Owner: struct service_runtime, which embeds it and calls start_kit_free. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "lib/buf.h"
#include "lib/list.h"
#include "superd/instance/fdstore.h"
#include "superd/instance/notify.h"
#include "superd/socket/listener.h"
#include "superd/log/output_pipe.h"
#include "superd/loop/engine.h"
#include "superd/start/plan.h"

struct fault;

/* The pipes for the output of backends: those whose lines superd reads, and those in place of its own stdout and stderr. */
enum { KIT_LOG, KIT_SYSLOG, KIT_READ, KIT_STDOUT = KIT_READ, KIT_STDERR, KIT_OUTPUTS };
enum { KIT_NOTIFY = KIT_OUTPUTS, KIT_FILES };   /* further needs: a notify socket; a check of streams that are files */

struct start_kit {
	struct engine *engine;          /* borrowed */
	struct list rest;               /* in engine->launch->resting, while no instance needs it */
	struct plan *plan;              /* NULL: none yet, or dropped */
	double trust_checked;           /* clock_now() of the last plan_check_trust */
	uint64_t made;                  /* number of the plan, from 1 on */
	unsigned needs;                 /* bits by these enums: what starts by the plan need */
	struct list shared;             /* processes of this plan that take further clients (superd/instance/shared_process) */
	struct output *outputs[KIT_OUTPUTS]; /* pipes; NULL: not needed (yet) */
	struct notify *notify;          /* notify socket of its instances; NULL: none (yet) */
	struct fdstore *store;          /* fd store; NULL: none; struct service_runtime frees it */
	bool hung;                      /* a start has blocked superd: later ones are asynchronous */
};

void start_kit_init(struct start_kit *kit, struct engine *engine);

void start_kit_wake(struct start_kit *kit);     /* an instance needs it: start_kit_rest is over */

/* Returns the last line that was printed since start_kit_forget_line; "": none has come yet. Tells the output of one
 * start only if a single instance runs. */
const char *start_kit_last_line(const struct start_kit *kit);
void start_kit_forget_line(struct start_kit *kit);

/* Begins to wait for a line that is printed from now on: one wait for the log, one for syslog. */
void start_kit_await_line(struct start_kit *kit, struct line_wait *waits);

/* Notes why a start failed: if it blocked superd (ETIMEDOUT), later ones are asynchronous. */
void start_kit_note_fault(struct start_kit *kit, const struct fault *fault);

void start_kit_drop(struct start_kit *kit);     /* frees the plan, and its shared processes get no more clients; the pipes stay */
void start_kit_drop_notify(struct start_kit *kit);      /* releases the notify socket */
void start_kit_free(struct start_kit *kit);

/* No instance needs the kit now. If many kits are unused, frees the one that is unused for longest: ten thousand
 * services that were each started once must not hold twenty thousand descriptors. */
void start_kit_rest(struct start_kit *kit);
void start_kit_free_resting(struct engine *engine);     /* descriptors are short: frees all unused kits, and closes cached groups */
void start_kit_end_all(struct engine *engine);          /* superd ends: also closes released outputs */

/* Logs the output so far. last: no process is left that could end an unfinished line. */
void start_kit_drain(struct start_kit *kit, bool last);

/* Sets the pid that the log gives for output from now on: that of the only instance (accept = no); 0: unknown. */
void start_kit_name(struct start_kit *kit, pid_t pid);
