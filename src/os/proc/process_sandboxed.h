/* Whether a process that appears to be root, or superd's user, has the same rights as superd. A process that superd has
 * started in a user namespace, with fewer capabilities, or behind a seccomp filter appears under the same uid. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

/* Whether the process is a descendant of superd and has fewer rights; true also if that is unknown. false for other
 * processes with any rights, for one outside of superd's pid namespace (pid 0), and without /proc. */
bool process_is_sandboxed(pid_t pid);
