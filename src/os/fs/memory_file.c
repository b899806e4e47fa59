/* Files in memory: memfd_create(2). A kernel without it gets a pipe instead, which must hold the whole text, as nothing
 * reads from it yet. */
#include "os/fs/memory_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/write_all.h"

static int pipe_file(const char *text, size_t length)
{
	int ends[2];

	if (fd_pipe(ends) < 0)
		return -1;
	if (!write_all(ends[1], text, length) || fd_set_nonblocking(ends[0], false) < 0)
		fd_close(&ends[0]);
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

	if (fd < 0 && (errno == ENOSYS || errno == EPERM))
		return pipe_file(text, length);
	if (fd < 0)
		return -1;
	if (!write_all(fd, text, length) || lseek(fd, 0, SEEK_SET) < 0 ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0)
		fd_close(&fd);
	return fd;
}
