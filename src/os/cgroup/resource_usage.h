/* Memory and CPU time of a process or a control group, from /proc and the group's files. Values are below 0 if they are
 * unknown, as without /proc. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct resource_usage {
	/* Resident bytes; of a group what memory.current counts, else the sum over its processes; -1: unknown. */
	int64_t memory;
	double cpu;                     /* CPU seconds since its start; below 0: unknown */
};

struct resource_usage resource_usage_of_process(pid_t pid);

#define SUMMED_MOST 64                  /* processes of a group, or of a tree, that are added up at most */

/* Adds this process and the children that it has reaped. sum begins with both values below 0. */
void resource_usage_add(struct resource_usage *sum, pid_t pid);

/* The usage of a control group. is_shared: the group had other processes before, so only the present processes' CPU
 * time counts. */
struct resource_usage resource_usage_of_cgroup(const char *path, bool is_shared);
