/* Descriptors: born close-on-exec, moved out of the way, read and written with bounds. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Where descriptors that live long are kept: high, so a starting child has few to unshare (see exec/spawn/spawn).
 * Lowered when RLIMIT_NOFILE leaves no room above it. */
#define FD_HIGH 64

/* Moves fd to the lowest free number from least on, close-on-exec, and closes the old one. When there is no
 * room it gives fd back as it was; fd -1 stays -1. */
int fd_raise(int fd, int least);

/* Another descriptor of the same file, close-on-exec, from least on, or, where there is no room, from 3 on. -1 and errno. */
int fd_copy(int fd, int least);

int fd_set_nonblocking(int fd, bool on);        /* 0, or -1 and errno; no call is made when it is so already */
int fd_pipe(int ends[2]);                       /* pipe2(O_CLOEXEC | O_NONBLOCK), with the fallback of pipe(2) */
void fd_close(int *fd);                         /* closes and sets to -1; errno is kept */

/* Reads a regular file of at most `most` bytes, NUL-terminated, without ever blocking on a fifo or device.
 * NULL and errno: EFBIG when larger, EISDIR for a folder, EINVAL when otherwise no regular file. free() it. */
char *fd_read_file(const char *path, size_t most, size_t *length);

/* Reads an open descriptor to its end, waiting for it: standard input. NULL and errno, EFBIG when larger. free() it. */
char *fd_read_all(int fd, size_t most, size_t *length);

/* Has a descriptor that may be a pipe or a terminal be read more than once: what it gives until its end, at most `most`
 * bytes, takes its place. Gives where to seek back to; -1 and errno: it can't be, EFBIG when it gave more. */
off_t fd_make_rewindable(int fd, size_t most);

/* Opens 0, 1, 2 on /dev/null where they are closed, so nothing else gets these numbers. false: one is closed still. */
bool fd_ensure_standard(void);
