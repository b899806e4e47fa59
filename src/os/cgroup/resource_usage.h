/* Memory and CPU time of a process or a control group, from /proc and the group's files. Values are below 0 if they are
 * unknown, as without /proc. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct resource_usage {
	/* Resident bytes; of a group what memory.current counts, else struct usage_sum over its processes; -1: unknown. */
	int64_t memory;
	double cpu;                     /* CPU seconds since its start; below 0: unknown */
};

struct resource_usage resource_usage_of_process(pid_t pid);

#define SUMMED_MOST 64                  /* processes of a group, or of a tree, that are added up at most */

/* Processes of one service. What they share, pages of files and of shared memory, counts once, as much as the process
 * with the most of it has: the sum of their resident bytes would count one program and its libraries for each. */
struct usage_sum {
	struct resource_usage usage;    /* of all of them */
	int64_t own, shared;            /* bytes: the sum of what each has alone; the most that one has of shared pages */
	unsigned count;                 /* processes that were added */
};

#define USAGE_SUM { .usage = { -1, -1 } }       /* without a process */

/* Adds this process and the children that it has reaped. */
void usage_sum_add(struct usage_sum *sum, pid_t pid);

/* The usage of a control group. is_shared: the group had other processes before, so only the present processes' CPU
 * time counts. */
struct resource_usage resource_usage_of_cgroup(const char *path, bool is_shared);
