/* Replaces superd, in the same process, by the program that is now at the path superd was started from. Every socket,
 * instance, counter, hold and pause survives.
 *
 *   probe    the new program runs as a child, reads the state and the sources, and tells whether it can take over
 *   quiesce  superd stops accepting clients, and waits for operations under way
 *   exec     superd writes its state (superd/reload/save) and executes the program, which reads it
 *            (superd/reload/load)
 *
 * If anything fails before execve(2), superd continues as before, and logs the reason. */
#pragma once

#include <stdbool.h>

#include "lib/buf.h"
#include "superd/loop/child_table.h"
#include "superd/loop/engine.h"
#include "superd/reload/config_loader.h"
#include "superd/reload/save.h"

#define UPGRADE_CAN "superd can take over: "    /* the answer of a program that can take over; its version follows */
#define UPGRADE_CHECK "--take-over-check="      /* first argument of a probe, with the descriptor of the state */
#define UPGRADE_FD 3                            /* descriptor of the state in the probe */
#define UPGRADE_TAKE "--take-over="             /* first argument of the new superd */

/* The progress of an upgrade. The caller sets the members before `busy`. Owner: struct supervisor. */
struct upgrade {
	const char *program;            /* path of the program; NULL: unknown */
	char *const *arguments;         /* arguments of superd, from argv[0] on; NULL: unknown */
	struct engine *engine;
	const struct config_loader *loader; /* no upgrade begins while it is busy */
	struct alarm *failing;          /* set: superd is about to stop because it cannot continue */
	struct save_source source;      /* state beside the engine */
	bool busy, check_only;
	bool renews_guard;              /* superd becomes the guard of the next superd, by the program that runs */
	void (*done)(void *context, bool good, const char *text);
	void *context;
	struct child probe;             /* child that is the probe; pid 0: none */
	int answer;                     /* read end of the pipe of its answer; -1: not open */
	bool probe_timed_out;           /* true: superd killed it because it did not answer in time */
	ev_timer timer;                 /* time limit of the probe; then the next check whether superd is quiet */
	double deadline;                /* loop time when quiescing fails */
};

void upgrade_init(struct upgrade *upgrade);

/* Begins an upgrade, or, if check_only, only probes the program. done is called once, in the loop or before this
 * returns: with the answer, or with the reason of a failure, as "busy: a reload is under way". After a successful
 * upgrade it is not called, because the program is gone. */
void upgrade_begin(struct upgrade *upgrade, bool check_only,
		   void (*done)(void *context, bool good, const char *text), void *context);

/* Begins an upgrade to the program that runs, which needs no probe: where the guard is lost, superd becomes the guard
 * of the next superd. The file at the path may be one that cannot be a guard. done: as for upgrade_begin. */
void upgrade_renew_guard(struct upgrade *upgrade, void (*done)(void *context, bool good, const char *text),
			 void *context);
void upgrade_free(struct upgrade *upgrade);

/* Returns the arguments for a program that gets the state at fd: those of superd with one more in front. The caller
 * frees them; NULL: out of memory. */
char **upgrade_arguments(const struct upgrade *upgrade, const char *flag, int fd);
void upgrade_free_arguments(char **arguments);

/* Starts superd's program with these arguments as a child that gets the descriptors `wanted`; the caller has set
 * child->ended. The probe is the new program; another child, as of superd/supervisor/left_out_check, the one that runs.
 * false with the reason in why. */
bool upgrade_start_program(struct upgrade *upgrade, char **arguments, const int wanted[UPGRADE_FD + 1],
			   struct child *child, struct buf *why);

/* Freezes a runtime again after an upgrade, whether it succeeded or failed. */
void upgrade_freeze_again(struct service_runtime *runtime);
