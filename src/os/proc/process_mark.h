/* A mark that tells the processes of one start from all others, where they have no control group of their own. A start
 * sets it as its RLIMIT_LOCKS, a limit that the kernel has kept since Linux 2.4.25 without using it (getrlimit(2)). Each
 * process below inherits the limit: over forks, sessions, programs and changes of the user.
 *
 * No process can give its mark to one of another user. But a process may lower its own limit, so it may take another
 * start's mark. So a mark shows what superd may do to a process, never what the process may do. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

uint64_t process_mark_new(void);        /* a number that no other start has; 0: the kernel has no randomness yet */
uint64_t process_mark(pid_t pid);       /* 0: it has none, has ended, or is hidden */

/* Whether this is the real, effective and saved user of the process. */
bool process_has_user(pid_t pid, uid_t user);
