/* Files in memory: memfd_create(2). Where a container denies that, or RLIMIT_FSIZE is too low, a text for a child gets
 * a pipe instead, which must hold all of it, as nothing reads from it yet; state gets a temporary file that is unlinked
 * before anything is written, so nobody else can open it. */
#include "os/fs/memory_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/buf.h"
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

static int open_unnamed(const char *folder)
{
	struct buf path = { 0 };
	char *text;
	int fd;

	buf_addf(&path, "%s/superd-state-XXXXXX", folder);
	text = buf_take(&path);
	fd = text ? mkostemp(text, O_CLOEXEC) : -1;
	if (fd >= 0)
		unlink(text);
	free(text);
	return fd;
}

int state_file_make(const char *text, size_t length, const char *folder)
{
	int fd = memory_open("superd-state", false);

	if (fd < 0)
		fd = open_unnamed(folder);
	if (fd < 0)
		fd = open_unnamed("/tmp");
	fd = fd_raise(fd, FD_HIGH);
	if (fd >= 0 && !write_all(fd, text, length))
		fd_close(&fd);
	return fd;
}

char *state_file_read(int fd, size_t most, size_t *length)
{
	struct stat status;
	size_t have = 0;
	ssize_t got = 1;
	char *text;

	if (fstat(fd, &status) < 0)
		return NULL;
	errno = S_ISREG(status.st_mode) ? EFBIG : EINVAL;
	if (!S_ISREG(status.st_mode) || status.st_size < 0 || (size_t)status.st_size > most)
		return NULL;
	text = malloc((size_t)status.st_size + 1);
	while (text && got > 0 && have < (size_t)status.st_size) {
		got = pread(fd, text + have, (size_t)status.st_size - have, (off_t)have);
		if (got < 0 && errno == EINTR)
			got = 1;
		else if (got > 0)
			have += (size_t)got;
	}
	if (!text || got < 0) {
		free(text);
		return NULL;
	}
	text[have] = '\0';
	*length = have;
	return text;
}
