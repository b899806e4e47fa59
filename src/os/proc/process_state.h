/* Whether a process can do anything at the moment, by the states of all its threads. From /proc, so without one nothing
 * is known. */
#pragma once

#include <sys/types.h>

enum process_state {
	PROCESS_GONE,                   /* it has ended, or there is none */
	PROCESS_STOPPED,                /* every thread, by a signal or by who traces it */
	PROCESS_BLOCKED,                /* some thread waits in the kernel and hears no signal yet; no other moves */
	PROCESS_RUNS
};

enum process_state process_state(pid_t pid);
