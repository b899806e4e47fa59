/* A process group that may outlive its leader. While superd has not reaped a process of the group, the group's number
 * cannot be reused. After that, the kernel may reuse the number as soon as the group is empty, and a signal would reach
 * another group. So superd keeps a descriptor, which always refers to the same group. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

/* Opens a descriptor for a group whose number is still its own; its leader may have ended. -1 and errno. */
int process_group_open(pid_t group);

/* Whether the group has a process, be it a zombie. */
bool process_group_lives(int fd);

/* Signals all processes of the group. false: it is empty, or superd may signal none of them. */
bool process_group_signal(int fd, int signal);
