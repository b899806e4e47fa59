/* The child's part of a control group: creates the group, writes what its allotment has, and moves the child in. If an
 * earlier command of the same instance has created the group, the child only moves in. Async-signal-safe. */
#pragma once

struct job;

/* A fault's resource in STAGE_CGROUP, but for the number of a line of the allotment. */
#define CGROUP_ITSELF (-1)              /* the group could not be made or entered */
#define CGROUP_PROGRAMS 1000            /* + enum judged: a program of the kernel */

int cgroup_join(struct job *job);       /* 0, or -1 and errno */

int cgroup_go_in(int group);            /* moves the caller into an open group; 0, or -1 and errno */
