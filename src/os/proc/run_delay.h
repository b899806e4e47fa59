/* How long processes were ready to run and had to wait for a processor, as the machine or their control group
 * had none for them. From /proc, so without one, or with a kernel that does not count it, nothing is known. */
#pragma once

#include <sys/types.h>

/* Seconds since they began, of all threads of a process and of those below it; below 0: unknown. Of a crowd
 * only as many are looked at as a look may take. */
double run_delay_of(pid_t pid);
