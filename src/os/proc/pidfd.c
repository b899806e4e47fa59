/* pidfds by raw system calls, as libc may lack them: pidfd_open(2), pidfd_send_signal(2), pidfd_getfd(2). Only
 * /proc/self/fdinfo shows the pid of a pidfd. */
#include "os/proc/pidfd.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "lib/fd.h"

#define PIDFS_MAGIC 0x50494446 /* PID_FS_MAGIC of linux/magic.h; before Linux 6.9 all pidfds share one inode */
#define INFO_MOST 4096

int pidfd_of(pid_t pid)
{
	return (int)syscall(SYS_pidfd_open, pid, 0); /* born close-on-exec */
}

bool pidfd_page_out(int pidfd, void *at, size_t length)
{
	struct iovec piece = { at, length };

	return syscall(__NR_process_madvise, pidfd, &piece, length ? 1 : 0, MADV_PAGEOUT, 0) >= 0;
}

bool pidfd_can_page_out(void)
{
	int pidfd = pidfd_of(getpid());
	bool possible = pidfd >= 0 && pidfd_page_out(pidfd, NULL, 0);

	fd_close(&pidfd);
	return possible;
}

bool pidfd_signal(int fd, int signal)
{
	return syscall(SYS_pidfd_send_signal, fd, signal, NULL, 0) == 0;
}

int pidfd_copy(int pidfd, int fd)
{
	return (int)syscall(__NR_pidfd_getfd, pidfd, fd, 0);     /* born close-on-exec */
}

pid_t pidfd_pid(int fd)
{
	char path[64], *text, *line;
	size_t length;
	long pid = -1;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	text = fd_read_file(path, INFO_MOST, &length);
	line = text ? strstr(text, "\nPid:") : NULL;
	if (line)
		pid = strtol(line + 5, NULL, 10);
	free(text);
	return pid > 0 && pid <= INT32_MAX ? (pid_t)pid : -1;
}

/* The same id as raw_pidfd_id, which a child uses as it may call less. */
uint64_t pidfd_id(int fd)
{
	struct statfs system;
	struct stat status;

	if (fstatfs(fd, &system) < 0 || (unsigned long)system.f_type != PIDFS_MAGIC || fstat(fd, &status) < 0)
		return 0;
	return status.st_ino;
}

bool pidfd_has_id(int fd, uint64_t id)
{
	uint64_t own = pidfd_id(fd);

	return !own || own == id;
}
