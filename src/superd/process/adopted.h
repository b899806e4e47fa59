/* Processes that superd inherits as their parents end (PR_SET_CHILD_SUBREAPER): they become its children, or those of its
 * guard, if the superd that they descend from has died. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

/* The pids of the children of superd and of its guard, superd itself left out. 0 ends the list. The caller frees it.
 * NULL: out of memory, no /proc, or a kernel that lists no children. */
pid_t *adopted_list(void);

/* Whether the process is such a child, and has not ended. */
bool adopted_lives(pid_t pid);
