/* Memory and processor time of a process or a control group, from /proc and from the group's files. Unknown values are
 * below 0, as without /proc. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct resource_usage {
	int64_t memory;                 /* bytes resident, of a group all it is charged for, or else its processes; -1: unknown */
	double cpu;                     /* seconds since its start; below 0: unknown */
};

struct resource_usage resource_usage_of_process(pid_t pid);

/* Of a control group. is_shared: others were in it before, so that its time is that of the processes in it now. */
struct resource_usage resource_usage_of_cgroup(const char *path, bool is_shared);
