/* Files in memory: memfd_create(2). Where a container denies that, or RLIMIT_FSIZE is too low, the text gets a pipe
 * instead, which must hold all of it, as nothing reads from it yet. */
#include "os/fs/memory_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/write_all.h"

#define PIPE_USUAL 4096                 /* bytes that any pipe holds (pipe(7)) */

static int pipe_file(const char *text, size_t length)
{
	int ends[2];

	if (fd_pipe(ends) < 0)
		return -1;
	if (length > PIPE_USUAL)
		fcntl(ends[1], F_SETPIPE_SZ, (int)length);      /* if that fails, so does the next call */
	if (!write_all(ends[1], text, length)) {
		errno = EFBIG;
		fd_close(&ends[0]);
	} else if (fd_set_nonblocking(ends[0], false) < 0) {
		fd_close(&ends[0]);
	}
	fd_close(&ends[1]);
	return ends[0];
}

int memory_open(const char *name, bool sealable)
{
	return memfd_create(name, MFD_CLOEXEC | (sealable ? MFD_ALLOW_SEALING : 0));
}

int memory_file(const char *text, size_t length)
{
	int fd = memory_open("superd", true);

	if (fd >= 0 && (!write_all(fd, text, length) || lseek(fd, 0, SEEK_SET) < 0 ||
			fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0))
		fd_close(&fd);
	return fd < 0 && (errno == ENOSYS || errno == EPERM || errno == EFBIG) ? pipe_file(text, length) : fd;
}
