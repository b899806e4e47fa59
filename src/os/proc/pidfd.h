/* pidfds: descriptors of processes, also of processes that are not superd's children. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* A pidfd of this process. -1 and errno: no such process, or a kernel before Linux 5.3. */
int pidfd_of(pid_t pid);

/* As kill(2), for a pidfd. false and errno. */
bool pidfd_signal(int fd, int signal);

/* Duplicates descriptor fd of the pidfd's process. Only for a process beside superd, as it may hang on what it gets. -1
 * and errno, also without the right to trace the process. */
int pidfd_copy(int pidfd, int fd);

/* The pid of a pidfd's process in this namespace; -1: it is no pidfd, or the process has ended. */
pid_t pidfd_pid(int fd);

/* The pidfd's inode, which is unique until the next boot (Linux 6.9); 0: it has none. */
uint64_t pidfd_id(int fd);

/* Whether the pidfd has this id; true also if it has none. */
bool pidfd_has_id(int fd, uint64_t id);
