/* Starts a process right inside a control group (CLONE_INTO_CGROUP, clone(2), Linux 5.7). Such a process is never
 * outside the group, and does not wait for the kernel's locks as one that moves there later. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

/* Whether superd starts processes right in a control group: the kernel and superd's rights allow it, and superd was not
 * built to start processes by fork(2). Tested once. Otherwise the child joins its group itself
 * (exec/child/cgroup_join). */
bool clone_into_cgroup_is_possible(void);

/* Whether a process that is started in this group survives. As of Linux 6.18, if the parent's group or the new one was
 * ever killed as a whole (cgroup.kill), the kernel takes the new process for one that escaped that kill. */
bool clone_into_cgroup_survives(int group);

/* As clone(2): calls `run`, which must not return, on the stack of `size` bytes that begins at `stack`. group: an open
 * folder. With CLONE_PARENT_SETTID in `flags`, *pid is written before `run` is called. -1 and errno; ENOSYS on other
 * processors than x86-64. */
pid_t clone_into_cgroup(int (*run)(void *), char *stack, size_t size, unsigned flags, void *argument, int group,
			pid_t *pid);
