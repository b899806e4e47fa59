/* How long processes were ready to run and waited for a CPU, as the machine or their control group had none free. From
 * /proc; without it, or if the kernel does not count it (CONFIG_SCHED_INFO), it is unknown. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

/* Seconds of waiting so far, summed over the threads of a process and its descendants, up to a limited number of them;
 * below 0: unknown. */
double schedstat_run_delay(pid_t pid);

/* The same, with the seconds in which they ran: how much they have wanted of the CPUs. It falls when one has ended. runs:
 * one of them runs or waits now, which counts up only when it has its turn. */
double schedstat_demand(pid_t pid, bool *runs);
