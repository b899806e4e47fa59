/* Closes descriptors whose close(2) may block, above all a unix socket whose queue holds a file that cannot be closed.
 * A helper process, the closer, closes them after superd has, so that superd never drops the last reference. If a
 * closer hangs, superd leaves it alone, and another one closes the rest.
 *
 * Each descriptor has an owner, a number that the caller chooses, from 1. superd counts the hanging closes of each
 * owner: if CLOSE_HANGING_MOST hang, further descriptors of that owner stay open until one has returned. So owners do
 * not block each other. */
#pragma once

#include <stdbool.h>

#define CLOSE_OWNERS 1024               /* owners are below this number; 0: no owner */
#define CLOSE_HANGING_MOST 4            /* closings of one owner in progress at a time */
#define CLOSE_PENDING_MOST 1024         /* descriptors not closed yet, above which callers should wait before they add more */

/* Opens the two descriptors that asynchronous closing needs; after that it needs only a process. false and errno:
 * superd is out of descriptors. Callers prepare before they open what only a closer may close: otherwise, out of
 * descriptors, nothing could be closed. */
bool close_async_prepare(void);

/* Takes over the descriptor and sets it to -1. superd's copy is closed at once or, if there is no closer or its queue
 * is full, after a later close_async_look. false: out of memory, and nothing has changed. */
bool close_async(int *fd, unsigned owner);

/* Whether a descriptor is not closed yet: then call close_async_look in about half a second. */
bool close_async_is_busy(void);

/* Finds closings that have hung for a second, and starts another closer if one hangs. Calls `hangs` for each owner with
 * more hanging closes than at the last check; count is the present number. */
typedef void close_hangs(void *context, unsigned owner, unsigned count);
void close_async_look(close_hangs *hangs, void *context);

/* For superd's end: waits a moment for closers that do not hang to close the rest. */
void close_async_end(void);

unsigned close_async_hanging(unsigned owner);   /* closings that hung at the last look */
unsigned close_async_pending(unsigned owner);   /* its descriptors that are not closed yet */
