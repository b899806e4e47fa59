/* Closing what may hang: a unix socket in whose queue somebody has put a file that nobody can close, above all. It
 * goes to a process beside superd, the closer, which drops it after superd has, so that superd never holds the last
 * reference. A closer that hangs is left to itself and another one goes on with the rest.
 *
 * Who hangs is counted by owner, a number from 1 on that the caller gives out; what belongs to an owner with too many
 * is kept open by the closer, until it is renewed. */
#pragma once

#include <stdbool.h>

#define CLOSE_OWNERS 1024               /* owners are below that; 0 is nobody's */
#define CLOSE_HANGING_MOST 4            /* closers of one owner; of his more are not tried before one has come back */

/* Hands the descriptor over, closes it here and sets it to -1. false: neither is there a closer nor can a process be
 * made for it: it is as it was. */
bool close_aside(int *fd, unsigned owner);

/* Whether a descriptor is on its way still: look is to be called in about a second. */
bool close_aside_is_busy(void);

/* Sees whether the closer hangs, and has another one go on. What it hangs for is told by hangs, who has come back by
 * returns. */
struct close_events {
	void (*hangs)(void *context, unsigned owner, unsigned count);
	void (*returns)(void *context, unsigned owner, unsigned count);
};
void close_aside_look(const struct close_events *events, void *context);

/* superd ends: waits a moment for a closer that does not hang to close the rest. */
void close_aside_end(void);

unsigned close_aside_hanging(unsigned owner);   /* closers that hang for it */
