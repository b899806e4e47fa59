/* Returns the memory of frozen processes to the kernel: file pages are dropped, other pages go to swap if there is any.
 * By memory.reclaim of their control group, else by process_madvise(2), mapping by mapping. A helper process does it,
 * as it may block on disks and on the processes themselves. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "superd/start/worker_process.h"

/* Starts. 0 ends the list of processes; group may be NULL; owner is that of worker_process_start. End the helper if the
 * service is thawed. Its channel becomes readable before each piece, and at the end. `channel` -1, with errno: it could
 * not be started. */
struct worker_process memory_reclaim_begin(const pid_t *pids, const char *group, uint64_t owner);

/* Reads some of the reports from the channel without blocking. true: the helper is done; *error is 0 if any memory was
 * returned, else why not. */
bool memory_reclaim_hear(const struct worker_process *process, int *error);
