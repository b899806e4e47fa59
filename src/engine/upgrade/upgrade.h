/* Another program in superd's place: the one that stands now where superd was started from, in the same process,
 * with every socket, instance, counter, hold and pause.
 *
 *   the question   the new program, as a child, reads the state and the sources and says whether it can (engine/upgrade/upgrade_ask)
 *   the rest       no client is taken from a queue any more, and what is under way comes to its end (engine/upgrade/upgrade_rest)
 *   the change     the state is written (engine/upgrade/carry) and superd becomes the program, which reads it (engine/upgrade/resume)
 *
 * Whatever goes wrong before the last moment, superd goes on as if nothing had been, and says why. */
#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "engine/supervisor/supervisor.h"
#include "engine/upgrade/carry.h"

#define UPGRADE_CAN "superd can take over: "    /* and its version: the answer of one that can */
#define UPGRADE_CHECK "--take-over-check="      /* the first argument, with the state's descriptor: asks */
#define UPGRADE_FD 3                            /* where it gets the state */
#define UPGRADE_TAKE "--take-over="             /* the same: superd became it */

void upgrade_init(struct upgrade *upgrade, struct supervisor *supervisor);

/* Begins, or only asks; done as engine->on_upgrade says, for which engine->context is the supervisor. */
void upgrade_begin(struct upgrade *upgrade, bool check_only,
		   void (*done)(void *context, bool good, const char *text), void *context);
void upgrade_free(struct upgrade *upgrade);

/* The arguments for a program that gets the state at fd: as superd's own with one more in front. malloc'ed, as is
 * the first of them; NULL: out of memory. In upgrade_ask.c. */
char **upgrade_arguments(const struct upgrade *upgrade, const char *flag, int fd);
void upgrade_free_arguments(char **arguments);

/* Runs superd's program with them as a child whose descriptors are these; `ended` of the child is set. For engine/supervisor/second_look,
 * too. false with the reason in why. In upgrade_ask.c. */
bool upgrade_run(struct upgrade *upgrade, char **arguments, const int wanted[UPGRADE_FD + 1], struct child *child,
		 struct buf *why);

/* Starts asking; answered is called in the loop, once. false with the reason in why. In upgrade_ask.c. */
bool upgrade_ask(struct upgrade *upgrade, struct buf *why);
void upgrade_take_answer(struct upgrade *upgrade, bool good, const char *text);
void upgrade_ask_forget(struct upgrade *upgrade);

/* Stops taking clients and beginning things; waits no longer for answers, which are asked for anew; goes on. In
 * upgrade_rest.c. */
void upgrade_be_quiet(struct upgrade *upgrade);
void upgrade_be_brief(struct upgrade *upgrade);
void upgrade_be_awake(struct upgrade *upgrade);

/* One that was frozen until an upgrade, which is done or was not to be. */
void upgrade_freeze_again(struct keeper *keeper);

/* superd stops, or is about to. */
bool upgrade_is_too_late(const struct upgrade *upgrade);

/* Whether what is under way may be waited for while nobody is served: not for a table that is read. */
bool upgrade_may_wait(const struct upgrade *upgrade);

/* Whether nothing is under way that can't go over; else what it is, in why: "web: exec_start_pre runs". */
bool upgrade_is_at_rest(struct upgrade *upgrade, struct buf *why);
