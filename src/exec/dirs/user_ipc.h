/* What a user has left of System V's and POSIX's shared memory, semaphores and message queues. */
#pragma once

#include <sys/types.h>

/* Removes all that is this user's. Never for root. */
void user_ipc_remove(uid_t uid);
