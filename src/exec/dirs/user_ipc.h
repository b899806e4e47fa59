/* Removes the System V and POSIX shared memory, semaphores and message queues that a user has left (RemoveIPC= of
 * systemd.exec(5)). */
#pragma once

#include <sys/types.h>

/* Removes all objects of this user. Does nothing for root. */
void user_ipc_remove(uid_t uid);
