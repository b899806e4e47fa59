/* File descriptors: opened close-on-exec, moved to high numbers, read up to a limit. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The lowest number for long-lived descriptors. They are high so that a child that shares superd's descriptors copies
 * only few of them: close_range(2) with CLOSE_RANGE_UNSHARE. */
#define FD_HIGH 64

/* The same for listeners: libev has 16 bytes for each number up to the highest that it watches, and it watches none of
 * these itself. */
#define FD_LISTENER 256

/* Moves fd to the lowest free number from `least` on, close-on-exec, and closes the old one. If there is no such
 * number, returns fd unchanged, but close-on-exec. -1 stays -1. Keeps errno. */
int fd_raise(int fd, int least);

/* Duplicates fd, close-on-exec, from `least` on; if there is no such number, from 3 on. -1 and errno: fcntl(2). */
int fd_copy(int fd, int least);

/* Makes room for the numbers below `most` in the table of descriptors, as far as the limit allows. The kernel makes it
 * anew at each power of two, which takes milliseconds once another process or thread shares it. */
void fd_make_room(int most);

int fd_set_nonblocking(int fd, bool on);        /* O_NONBLOCK of fcntl(2), only if it differs; 0, or -1 and errno */
int fd_pipe(int ends[2]);                       /* pipe2(2) with O_CLOEXEC | O_NONBLOCK, or pipe(2) and fcntl(2) */
bool fd_wait(int fd, int milliseconds);          /* poll(2) until it is readable; false: it was not in this time */
void fd_close(int *fd);                         /* close(2), and sets *fd to -1; keeps errno */

/* Whether it is a unix socket below a path, whose mode says who may connect. An abstract name has none: all may. */
bool fd_has_path(int fd);

/* Reads a regular file of at most `most` bytes, NUL-terminated; never blocks on a fifo or device. The caller frees the
 * text. NULL and errno: EFBIG if larger, EISDIR for a directory, EINVAL for any other file that is not regular. */
char *fd_read_file(const char *path, size_t most, size_t *length);

/* Reads an open descriptor to its end, and waits for that. The caller frees the text. NULL and errno: EFBIG if
 * larger. */
char *fd_read_all(int fd, size_t most, size_t *length);

/* Makes a pipe or terminal rewindable: reads it to its end, at most `most` bytes, into a memfd_create(2) file that
 * takes its number. Returns the offset to lseek(2) back to; -1 and errno: EFBIG if there was more. */
off_t fd_make_rewindable(int fd, size_t most);

/* Makes the missing folders above a path, with this mode whatever the umask is. What fails, fails again where the path is
 * used. */
void fd_make_parents(const char *path, mode_t mode);

/* Opens /dev/null on 0, 1 and 2 where they are closed, so that no other file gets these numbers. false: one is still
 * closed. */
bool fd_ensure_standard(void);

/* Writes a whole text to a file, or to a pipe that has room for it. */

/* false and errno: not all was written. Async-signal-safe. */
bool write_all(int fd, const char *text, size_t length);

/* Writes a text to a file of the kernel's, by one write(2): below an open folder, or AT_FDCWD. false and errno.
 * Async-signal-safe. */
bool fd_write_file(int folder, const char *path, const char *text);

/* Reads the number that a file of the kernel's begins with. false: there is none, as in "max", or it cannot be read. */
bool fd_read_number(const char *path, int64_t *number);
