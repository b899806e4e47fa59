/* Whether a process can do anything at the moment, by the states of all its threads. From /proc, so without one nothing is
 * known. */
#pragma once

#include <sys/types.h>

enum motion {
	MOTION_NONE,                    /* it has ended, or there is none */
	MOTION_STOPPED,                 /* every thread, by a signal or by who traces it */
	MOTION_WAITING,                 /* some thread waits in the kernel and hears no signal yet; no other moves */
	MOTION_FREE
};

enum motion process_motion(pid_t pid);
