/* The words of scheduling as the kernel's numbers. Without the kernel's calls they are
 * refused. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "config/service/service.h"

/* A set of CPUs for sched_setaffinity, malloc'ed. false and errno: ENOTSUP, ENOMEM, ERANGE (a number too high). */
bool scheduling_cpus(words ranges, void **set, size_t *size);

/* "idle", "best-effort[:N]", "realtime[:N]" as ioprio_set(2) takes it. */
bool scheduling_io_priority(const char *text, int *priority);

/* As sched_setscheduler(2) takes them; policy -1: nothing is asked for. */
void scheduling_cpu_policy(const struct scheduling_options *scheduling, int *policy, int *priority);

/* As personality(2) takes it, by the word's place. false: this machine runs no such programs. */
bool scheduling_personality(unsigned word, long *personality);
