/* How long processes were ready to run and had to wait for a processor, as the machine or their control group
 * had none for them. From /proc, so without one, or with a kernel that does not count it, nothing is known. */
#pragma once

#include <sys/types.h>

/* Seconds of waiting so far, summed over the threads of a process and of those below it, up to a limited number; below
 * 0: unknown. */
double schedstat_run_delay(pid_t pid);
