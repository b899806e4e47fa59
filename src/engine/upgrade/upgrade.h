/* Replaces superd, in the same process, by the program that is now at the path superd was started from, with every
 * socket, instance, counter, hold and pause.
 *
 *   the question   the new program, as a child, reads the state and the sources and says whether it can
 *                  (engine/upgrade/upgrade_probe)
 *   the rest       superd accepts no client any more, and what is under way ends (engine/upgrade/upgrade_quiesce)
 *   the change     superd writes its state (engine/upgrade/save) and becomes the program, which reads it
 *                  (engine/upgrade/load)
 *
 * If anything fails before the last moment, superd goes on as before, and logs the reason. */
#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "engine/core/child_table.h"
#include "engine/core/engine.h"
#include "engine/reload/config_loader.h"
#include "engine/upgrade/save.h"

#define UPGRADE_CAN "superd can take over: "    /* and its version: the answer of one that can */
#define UPGRADE_CHECK "--take-over-check="      /* the first argument, with the state's descriptor: asks */
#define UPGRADE_FD 3                            /* where it gets the state */
#define UPGRADE_TAKE "--take-over="             /* the same: superd became it */

/* The progress of an upgrade. The caller sets what stands in front of `busy`. */
struct upgrade {
	const char *program;            /* path of the program; NULL: unknown */
	char *const *arguments;         /* arguments that superd was started with, from argv[0] on */
	struct engine *engine;
	const struct config_loader *loader; /* while it is busy no upgrade begins */
	struct alarm *failing;          /* set: superd is about to stop, as it cannot go on */
	struct save_source source;      /* what goes over beside the engine */
	bool busy, check_only;
	void (*done)(void *context, bool good, const char *text);
	void *context;
	struct child probe;             /* the new program, which is asked; pid 0: none */
	int answer;                     /* pipe of its answer; -1: not open */
	bool probe_timed_out;           /* it was killed, as it did not answer in time */
	ev_timer timer;                 /* its time limit; then the next look whether all is at rest */
	double quiet_since, deadline;   /* loop time: since and until when superd waits for rest */
};

void upgrade_init(struct upgrade *upgrade);

/* Has the program that is at superd's place now take over, or asks it whether it could. done is called once, in the
 * loop and maybe before this returns: when it could, or with why not, as "busy: a reload is under way". When it takes
 * over, nobody is left to call it. */
void upgrade_begin(struct upgrade *upgrade, bool check_only,
		   void (*done)(void *context, bool good, const char *text), void *context);
void upgrade_free(struct upgrade *upgrade);

/* The arguments for a program that gets the state at fd: as superd's own with one more in front. malloc'ed, as is
 * the first of them; NULL: out of memory. In upgrade_probe.c. */
char **upgrade_arguments(const struct upgrade *upgrade, const char *flag, int fd);
void upgrade_free_arguments(char **arguments);

/* Runs superd's program with them as a child whose descriptors are these; `ended` of the child is set. For
 * engine/supervisor/left_out_check, too. false with the reason in why. In upgrade_probe.c. */
bool upgrade_start_program(struct upgrade *upgrade, char **arguments, const int wanted[UPGRADE_FD + 1],
			   struct child *child, struct buf *why);

/* Starts asking; ended follows in the loop, for upgrade->asked. false: that failed, for the reason in why. In
 * upgrade_probe.c. */
bool upgrade_probe_begin(struct upgrade *upgrade, void (*ended)(struct child *child, int status), struct buf *why);

/* The program that was asked has ended with this status. Whether it can take over; text gets its answer, or why not. In
 * upgrade_probe.c. */
bool upgrade_probe_result(struct upgrade *upgrade, int status, struct buf *text);
void upgrade_probe_cancel(struct upgrade *upgrade);

/* Stops taking clients and beginning things; waits no longer for answers, which are asked for anew; goes on. In
 * upgrade_quiesce.c. */
void upgrade_quiesce(struct upgrade *upgrade);
void upgrade_cancel_lookups(struct upgrade *upgrade);
void upgrade_unquiesce(struct upgrade *upgrade);

/* Freezes a runtime again after an upgrade, done or failed. */
void upgrade_freeze_again(struct service_runtime *runtime);

/* Whether superd stops, or is about to. */
bool upgrade_is_too_late(const struct upgrade *upgrade);

/* Whether superd may wait for what is under way while no client is served: not for a reload. */
bool upgrade_may_wait(const struct upgrade *upgrade);

/* Whether nothing is under way that cannot go over; else why gets it: "web: descriptors are being received". */
bool upgrade_is_at_rest(struct upgrade *upgrade, struct buf *why);
