/* Turns the words of scheduling options into the kernel's numbers. Fails without the kernel's calls. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "table/service/service.h"

/* A set of CPUs for sched_setaffinity(2), for the caller to free(). false and errno: ENOTSUP, ENOMEM, ERANGE (a number
 * is too high). */
bool scheduling_cpus(words ranges, void **set, size_t *size);

/* "idle", "best-effort[:N]" or "realtime[:N]" as ioprio_set(2) needs it. false: another text. */
bool scheduling_io_priority(const char *text, int *priority);

/* Whether such a priority is served only while no other process uses the disk. -1: no priority. */
bool scheduling_io_is_idle(int priority);

/* Policy and priority for sched_setscheduler(2); policy -1: not configured. */
void scheduling_cpu_policy(const struct scheduling_options *scheduling, int *policy, int *priority);
