/* Moves data from one socket to another through a pipe, without copying it: splice(2).
 *
 * A pipe of 16 pages, the default, would take as many system calls as read(2) and write(2). F_SETPIPE_SZ (fcntl(2))
 * enlarges it, but the memory of all pipes of a user is limited (pipe(7)). If 1 MiB is refused, a smaller pipe is
 * used. */
#include "builtin/buffer.h"

#include <errno.h>
#include <fcntl.h>

#include "lib/fd.h"

#define WANTED (1 << 20)                /* bytes of the pipe */

bool buffer_splice_open(int ends[2])
{
	if (fd_pipe(ends) < 0)
		return false;
	for (int size = WANTED; size >= 256 << 10 && fcntl(ends[0], F_SETPIPE_SZ, size) < 0; size /= 2)
		continue;
	return true;
}

ssize_t buffer_splice_fill(int pipe, int from)
{
	return splice(from, NULL, pipe, NULL, WANTED, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
}

ssize_t buffer_splice_drain(int pipe, int to, size_t length)
{
	return splice(pipe, NULL, to, NULL, length, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
}
