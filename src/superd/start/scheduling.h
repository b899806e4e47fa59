/* Turns the words of scheduling options into the kernel's numbers. Fails without the kernel's calls. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "table/service/service.h"

/* "idle", "best-effort[:N]" or "realtime[:N]" as ioprio_set(2) needs it. false: another text. */
bool scheduling_io_priority(const char *text, int *priority);

/* Whether such a priority is served only while no other process uses the disk. -1: no priority. */
bool scheduling_io_is_idle(int priority);

/* Policy and priority for sched_setscheduler(2); policy -1: not configured. */
void scheduling_cpu_policy(const struct scheduling_options *scheduling, int *policy, int *priority);
