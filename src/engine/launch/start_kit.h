/* The means of a service to start instances: the plan, the pipes for their output. Made at a start and kept for the
 * next; those of services asleep are freed, longest asleep first, when there are many. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/list.h"
#include "engine/core/engine.h"
#include "engine/launch/fdstore.h"
#include "engine/launch/notify.h"
#include "engine/launch/worker_pool.h"
#include "engine/listener/listener.h"
#include "engine/log/output_pipe.h"
#include "exec/plan/plan.h"

struct fault;

struct start_kit {
	struct list rest;               /* in engine->launch->resting, while no instance needs it */
	struct plan *plan;
	double judged;                  /* loop time of the last plan_check_trust */
	uint64_t made;                  /* number of the plan, from 1 on */
	struct worker_pool workers;    /* processes of this plan that wait for a connection */
	struct output *log, *syslog;    /* pipes for the output of backends */
	struct output *inherited[2];    /* the same in place of superd's own stdout and stderr; NULL: these themselves */
	char *names;                    /* LISTEN_FDNAMES=… of the listeners handed over last, and of what the store holds */
	struct notify *notify;          /* notify socket of its instances; NULL: none (yet) */
	struct fdstore *store;          /* descriptors kept for the next start; NULL: none; the runtime frees it */
	bool hung;                      /* a start has blocked superd: later ones are made apart */
};

void start_kit_init(struct start_kit *kit);

/* LISTEN_FDNAMES of the listeners that are open, in their order, of the store, and of files (":a:b", NULL: none).
 * false: out of memory. */
bool start_kit_name_sockets(struct start_kit *kit, const struct listener *listeners, size_t count, const char *files);

/* What was printed last since start_kit_forget_line, as by a start of the one instance of all, as far as it came to
 * superd; "": nothing. */
const char *start_kit_last_line(const struct start_kit *kit);
void start_kit_forget_line(struct start_kit *kit);

/* Makes what is missing, a plan as start_kit_make_plan does. false: that failed, for the reason in why. */
bool start_kit_prepare(struct start_kit *kit, struct engine *engine, const struct service *service,
		       const struct listener *listeners, const struct plan_sockets *given, struct buf *why);
/* A plan for these listeners; the rest of its sockets is given. The caller's to free; NULL with the reason in why. */
struct plan *start_kit_make_plan(const struct start_kit *kit, struct engine *engine, const struct service *service,
				 const struct listener *listeners, const struct plan_sockets *given, struct buf *why);
/* Notes why a start failed: one that blocked superd is made apart from then on. */
void start_kit_note_fault(struct start_kit *kit, const struct fault *fault);

void start_kit_drop(struct start_kit *kit);     /* drops plan, workers and names; the pipes stay */
void start_kit_drop_notify(struct start_kit *kit);
void start_kit_free(struct start_kit *kit, struct engine *engine);

/* No instance needs them now. Those that rest longest are freed when there are many, so that ten thousand services
 * that were each started once do not hold twenty thousand descriptors. */
void start_kit_rest(struct start_kit *kit, struct engine *engine);
void start_kit_free_resting(struct engine *engine);     /* all of them, and open groups, as descriptors are short */
void start_kit_end_all(struct engine *engine);          /* superd ends: also closes released outputs */

/* Logs what backends have printed so far; last: no process is left that could end an unfinished line. */
void start_kit_drain(struct start_kit *kit, bool last);

/* Whose output comes from now on: the log gets the pid of the one instance a service of accept = no has; 0:
 * unknown. */
void start_kit_name(struct start_kit *kit, pid_t pid);
