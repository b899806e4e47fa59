/* What superd-exec removes after services, as superd asks (superd/start/removal). false: something is left. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

/* Removes the folder `aside` of the folder on standard input, with its contents. If something is mounted in
 * it, it gets its old name in the folder on standard output back, unless that is taken. NULL: an earlier superd has
 * moved it aside; it keeps its name, and is left to a process that still removes it. */
bool remove_folder(const char *aside, const char *name);

/* Removes the folders of this name in /tmp and /var/tmp, with their contents. */
bool remove_tmp(const char *name);

/* Removes the System V and POSIX shared memory, semaphores and message queues of a user (RemoveIPC= of
 * systemd.exec(5)). The caller is that user, or may remove those of any. */
bool remove_ipc(uid_t uid);
