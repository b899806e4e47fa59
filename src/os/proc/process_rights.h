/* Whether a process that appears to be root, or superd's user, also has superd's rights. A process in a user namespace,
 * with fewer capabilities, or behind a seccomp filter appears under the same uid. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

/* Whether the process is in superd's user namespace, has all capabilities that superd is permitted, and no seccomp filter
 * that superd does not have. false also if that is unknown: without /proc, if it has ended, or if it is in another pid
 * namespace (pid 0). */
bool process_has_superds_rights(pid_t pid);
