/* pidfds: descriptors that refer to processes, also to processes that are not superd's children (pidfd_open(2)). */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* A pidfd of this process, close-on-exec. -1 and errno: no such process, or a filter denies the call. */
int pidfd_of(pid_t pid);

/* process_madvise(2) with MADV_PAGEOUT: returns a range of the process's memory to the kernel. false and errno. */
bool pidfd_page_out(int pidfd, void *at, size_t length);
bool pidfd_can_page_out(void);          /* whether this kernel can. false and errno */

/* pidfd_send_signal(2): as kill(2). false and errno. */
bool pidfd_signal(int fd, int signal);

/* pidfd_getfd(2): duplicates descriptor `fd` of the pidfd's process. For helper processes only, as closing the copy may
 * block. -1 and errno, also without the right to trace the process. */
int pidfd_copy(int pidfd, int fd);

/* The pid of the pidfd's process in superd's pid namespace; -1: it is not a pidfd, or the process has ended. */
pid_t pidfd_pid(int fd);

/* The pidfd's inode, unique until the next boot (Linux 6.9); 0: the kernel has none. */
uint64_t pidfd_id(int fd);

/* Whether the pidfd has this id; also true if it has none. */
bool pidfd_has_id(int fd, uint64_t id);
