/* The parts of a process that superd looks at and changes while it answers the process's call: memory (read only),
 * descriptors, epoll sets. Memory may lie in a file system, or behind userfaultfd(2), that never answers, and so may a
 * file's close(2). Sources: process_vm_readv(2), pidfd_getfd(2), proc_pid_fdinfo(5), epoll(7). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define COPIES_MOST 32                  /* of a socket, beside the descriptor that is bound */

struct target_process {
	pid_t thread, process;          /* thread that made the call, and its process */
	int proc;                       /* folder /proc/THREAD */
	int pidfd;                      /* of its process; -1: not opened yet */
};

/* Opens the thread's folder in /proc. It stays that thread's: if the call still waits then, all that is read by it is
 * of the caller. false and errno. */
bool target_open(struct target_process *target, pid_t thread);

/* Who a thread is, as this process sees it. */
struct target_status {
	pid_t process, parent;          /* parent: that of the process */
	uid_t uid;                      /* effective user and group */
	gid_t gid;
};

/* Reads it. Any process may read this of any other. false and errno. */
bool target_read_status(struct target_process *target, struct target_status *status);

/* Prepares all that follows: if the kernel lets only the process's own user inspect it, this process becomes that user,
 * if it can. false and errno; EPERM: superd may not inspect it. */
bool target_inspect(struct target_process *target);
void target_close(struct target_process *target);

/* Reads memory; fits read_memory with a struct target_process. */
bool target_read(void *target, uint64_t at, void *out, size_t size);

/* Reads a text up to its end. false: it is longer than size, or cannot be read. */
bool target_read_text(struct target_process *target, uint64_t at, char *out, size_t size);

int target_copy_fd(struct target_process *target, int fd);              /* a copy, close-on-exec; -1 and errno */
ino_t target_socket_inode(struct target_process *target, int fd);       /* of the socket behind a descriptor; 0: it is none */

/* Further descriptors of a socket, as dup(2) makes them. */
struct target_copies {
	int list[COPIES_MOST];
	size_t count;
	bool all;                       /* false: there are more, or the process has more descriptors than are examined */
};

/* Finds those of the socket with this inode that the process has beside fd. */
void target_find_copies(struct target_process *target, int fd, ino_t socket, struct target_copies *copies);

bool target_fd_closes_on_exec(struct target_process *target, int fd);   /* true, too, if that is unknown */

/* Opens the folder that a path of the process starts from: "root", or "cwd" (proc(5)); or one of its descriptors.
 * -1 and errno. */
int target_open_folder(struct target_process *target, const char *name);

/* The process's epoll sets keep a registration by file and number, and the file behind the number is about to change.
 * Registers `fresh` (a descriptor here) with the same events and data wherever number `fd` of the process is registered
 * with the file whose inode is `before`, and removes the rest of a former registration of `fresh` itself. Returns how
 * many were moved; -1 and errno: one could not be. */
int target_move_epoll(struct target_process *target, int fd, ino_t before, int fresh);
