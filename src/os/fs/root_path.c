/* openat2(2) with RESOLVE_IN_ROOT. On a kernel without it, absolute links start at superd's own root. */
#include "os/fs/root_path.h"

#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/fd.h"

#define RESOLVE_INSIDE 0x10u            /* RESOLVE_IN_ROOT */

int root_path_open(const char *root, const char *path, int flags)
{
	uint64_t how[3] = { (unsigned)(flags | O_CLOEXEC), 0, RESOLVE_INSIDE };
	int folder, fd;

	if (!root)
		return open(path, flags | O_CLOEXEC);
	folder = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0)
		return -1;
	fd = (int)syscall(__NR_openat2, folder, path, how, sizeof(how));
	fd_close(&folder);
	return fd;
}

int root_path_stat(const char *root, const char *path, struct stat *status)
{
	int fd, result;

	if (!root)
		return stat(path, status);
	fd = root_path_open(root, path, O_PATH);
	if (fd < 0)
		return -1;
	result = fstat(fd, status);
	fd_close(&fd);
	return result;
}
