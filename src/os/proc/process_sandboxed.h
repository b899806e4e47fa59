/* Whether a process that names itself root, or superd's user, is as free as superd. One that superd has started in a
 * user namespace, with fewer capabilities or behind a filter of system calls has that number as well. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

/* Whether it is below superd and has fewer rights; true also where that is not known. A process that is not below
 * superd is not meant, whatever its rights are, nor one of a pid namespace outside of superd's (0). Without a /proc
 * always false. */
bool process_is_sandboxed(pid_t pid);
