/* Closing what may hang: a unix socket in whose queue somebody has put a file that nobody can close, above all. It
 * goes to a process beside superd, the closer, which drops it after superd has, so that superd never holds the last
 * reference. A closer that hangs is left to itself and another one goes on with the rest.
 *
 * Each owner, a number from 1 on that the caller gives out, waits for its own closings alone: how many of them hang is
 * counted, and what is closed for an owner with CLOSE_HANGING_MOST waits, open, until one of these has come back. */
#pragma once

#include <stdbool.h>

#define CLOSE_OWNERS 1024               /* owners are below that; 0 is nobody's */
#define CLOSE_HANGING_MOST 4            /* closings of one owner under way at a time */
#define CLOSE_PENDING_MOST 1024         /* descriptors not closed yet, after which whoever adds more is to wait */

/* Takes the two descriptors that closing aside needs; what is closed after that needs no more of them, only a process.
 * false and errno: there are none. Whoever opens what only a closer may close asks for it first: else, with descriptors
 * out, what would set some free waits for two itself. */
bool close_async_prepare(void);

/* Takes the descriptor over and sets it to -1. It is closed here at once, or, where there is no closer now, or its
 * queue is full, as soon as a look finds one. false: no memory; it is as it was. */
bool close_async(int *fd, unsigned owner);

/* Whether a descriptor is on its way still: look is to be called in about half a second. */
bool close_async_is_busy(void);

/* Sees what hangs, for a second by now, and has another closer go on where one does not. hangs is called for each owner
 * for whom more closings hang than at the last look; count is how many hang now. */
typedef void close_hangs(void *context, unsigned owner, unsigned count);
void close_async_look(close_hangs *hangs, void *context);

/* superd ends: waits a moment for closers that do not hang to close the rest. */
void close_async_end(void);

unsigned close_async_hanging(unsigned owner);   /* closings that hung for it at the last look */
unsigned close_async_pending(unsigned owner);   /* its descriptors that are not closed yet, kept ones included */
