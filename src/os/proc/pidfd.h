/* Descriptors of processes: the way to hear of the end of one that is not our child. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* One of this process; -1 and errno: there is no such process, or the kernel has none of it (Linux 5.3). */
int pidfd_of(pid_t pid);

/* As kill(2), to the process it stands for. */
bool pidfd_signal(int fd, int signal);

/* A descriptor of its process, by its number there, as one of ours: the same open file; for a process beside superd, which
 * may hang at what it gets. -1 and errno: also where there is no right to trace it. */
int pidfd_copy(int pidfd, int fd);

/* The process of one, as this namespace knows it; -1: it is none, or has ended. */
pid_t pidfd_pid(int fd);

/* Its number, which no other process ever gets (Linux 6.9); 0: it has none. */
uint64_t pidfd_id(int fd);

/* Whether it has this number. true: also where they have none. */
bool pidfd_has_id(int fd, uint64_t id);
