/* Waits of a process that has replaced another by execve(2) and cannot return to it. Its predecessor had enough memory
 * and descriptors, so a call that fails for lack of them may succeed a moment later. Only before the loop runs. */
#pragma once

#include <poll.h>
#include <stdbool.h>

#define PATIENCE_TRIES 50               /* 5 s in all */
#define PATIENCE_PAUSE 100              /* milliseconds */

/* Waits a moment before the next try. false: all tries are used up. A zeroed number begins. */
static inline bool patience_wait(unsigned *tries)
{
	if (*tries == PATIENCE_TRIES)
		return false;
	++*tries;
	poll(NULL, 0, PATIENCE_PAUSE);
	return true;
}
