/* Starting a process right inside a control group, as Linux 5.7 can: it is never outside of it, and unlike one that
 * moves there later it waits for nobody. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

/* Whether processes are started right in a control group, at hardly any cost: this kernel can, superd may, and it was
 * not built to start by fork(2). Asked once. Without it groups are joined by the child (exec/child/cgroup_join). */
bool clone_into_cgroup_is_possible(void);

/* Whether one started in this group, which was never killed, lives: Linux, as of 6.18, takes a fork for one that a kill
 * of the group has missed where the group of the parent or the new one was ever killed as a whole (cgroup.kill). */
bool clone_into_cgroup_survives(int group);

/* As clone(2): run, which never returns, on the stack below its upper end; group is an open folder. *pid is written
 * before it runs (CLONE_PARENT_SETTID); NULL without that flag. -1 and errno. */
pid_t clone_into_cgroup(int (*run)(void *), char *stack, size_t size, unsigned flags, void *argument, int group,
			pid_t *pid);
