/* Handing the memory of frozen processes back to the kernel: what is in files is dropped, the rest goes to swap where
 * there is any. By memory.reclaim of their control group, else by process_madvise(2), mapping by mapping. As it may
 * wait for disks, and for the processes themselves, a process of its own does it. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

/* Begins; 0 ends the list of processes, group may be NULL. The process that does it, to be killed where they are needed
 * again; -1 and errno. *report is readable with each piece, and at the end. */
pid_t memory_reclaim_begin(const pid_t *pids, const char *group, int *report);

/* Reads the reports. true: the process is done; *error is 0 if any memory was handed back, else why not. */
bool memory_reclaim_hear(int report, int *error);

/* Whether this kernel has a way of doing it without a group. false and errno. */
bool memory_reclaim_is_possible(void);
