/* Closes descriptors whose close(2) may block, above all a unix socket whose queue holds a file that cannot be closed.
 * A process beside superd, a closer, closes them after superd has, so that superd never drops the last reference.
 *
 * Each descriptor has an owner, a number that the caller chooses, from 1. The descriptors of an owner are closed one
 * after another: if one hangs, the others wait behind it, and those of other owners do not. */
#pragma once

#include <stdbool.h>

#define CLOSE_OWNERS 1024               /* owners are below this number; 0: no owner */
#define CLOSE_HANGING_MOST 4            /* descriptors that hang, of one owner, above which superd counts no further */
#define CLOSE_PENDING_MOST 1024         /* descriptors not closed yet, above which callers should wait before they add more */

/* Takes over the descriptor and sets it to -1. superd's copy is closed at once or, if there is no closer or its queue
 * is full, after a later close_async_look, which needs only a process for that. false: out of memory, and nothing has
 * changed. */
bool close_async(int *fd, unsigned owner);

/* Whether a descriptor is not closed yet, or a closer is there: then call close_async_look in about half a second. */
bool close_async_is_busy(void);

/* Finds closings that have hung for a second, passes on what was kept, and lets closers without work end. Calls `hangs`
 * for each owner with more hanging descriptors than at the last look; count is the present number, with those that wait
 * behind. */
typedef void close_hangs(void *context, unsigned owner, unsigned count);
void close_async_look(close_hangs *hangs, void *context);

/* Passes on all that is kept, whoever's it is: superd is about to execute another program, or to exit, and what is still
 * its own would be closed then. Without memory or a process for it, that stays so. */
void close_async_leave(void);

/* For superd's end: the same, and waits a moment for closers that do not hang to close the rest. */
void close_async_end(void);

unsigned close_async_hanging(unsigned owner);   /* descriptors that hung, or waited behind one, at the last look */
unsigned close_async_pending(unsigned owner);   /* its descriptors that are not closed yet */
