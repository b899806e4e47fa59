/* Without a copy: the kernel hands the pages of one socket to the other through a pipe (splice(2)). The hard thing is
 * the pipe's size: the default of 16 pages makes as many system calls as reading would, and what a user may have in
 * all is limited (pipe(7)), so less must do as well. */
#include "helper/builtin/buffer.h"

#include <errno.h>
#include <fcntl.h>

#include "base/fd.h"

#ifdef SPLICE_F_MOVE
#define WANTED (1 << 20)

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
#else
bool buffer_splice_open(int ends[2])
{
	(void)ends;
	return false;
}

ssize_t buffer_splice_fill(int pipe, int from)
{
	(void)pipe, (void)from;
	errno = ENOSYS;
	return -1;
}

ssize_t buffer_splice_drain(int pipe, int to, size_t length)
{
	(void)pipe, (void)to, (void)length;
	errno = ENOSYS;
	return -1;
}
#endif
