/* Whether a process can run at the moment, by the states of all its threads (proc_pid_stat(5)). */
#pragma once

#include <sys/types.h>

enum process_state {
	PROCESS_GONE,                   /* it has ended or does not exist; also without /proc */
	PROCESS_STOPPED,                /* every thread is stopped, by a signal or a tracer */
	PROCESS_BLOCKED,                /* some thread is in uninterruptible sleep (D), and no other runs */
	PROCESS_RUNS
};

enum process_state process_state(pid_t pid);
