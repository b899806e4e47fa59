/* A process group that outlives its leader. As long as superd has not reaped a process of it, its number is its own;
 * after that the kernel may give the number away as soon as the group is empty, and a signal would reach somebody
 * else. So a descriptor stands for the group, which never stands for another. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

/* Opens one for a group whose number is its own at this moment; its leader may have ended. -1 and errno. */
int process_group_open(pid_t group);

/* Whether any process is in it, if only one that nobody has reaped. */
bool process_group_lives(int fd);

/* Signals all processes of the group. false: it is empty, or none of them may be signalled. */
bool process_group_signal(int fd, int signal);
