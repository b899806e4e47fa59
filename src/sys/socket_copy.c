/* Taking copies of other processes' sockets. The hard thing is which of them count: the two ends of a socketpair
 * between processes that all stand still can't bring anything, and would wake them at once for what lies in it already.
 * Who the other end is, is told by its credentials. */
#include "sys/socket_copy.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#ifdef HAVE_SYS_SYSCALL_H
#include <sys/syscall.h>
#endif

#include "base/fd.h"
#include "base/scan.h"
#include "sys/pidfd.h"

#define DESCRIPTORS_MOST 4096           /* of one process that are looked at */

struct taking {
	struct socket_copies *copies;
	const pid_t *pids;
	const struct file_id *known;
	size_t known_count;
	ino_t seen[SOCKET_COPIES_MOST]; /* of those copied or left out, as processes share them */
	size_t seen_count;
};

#ifdef SYS_pidfd_getfd
static int copy(int pidfd, int fd)
{
	return (int)syscall(SYS_pidfd_getfd, pidfd, fd, 0);     /* born close-on-exec */
}
#else
static int copy(int pidfd, int fd)
{
	(void)pidfd, (void)fd;
	errno = ENOSYS;
	return -1;
}
#endif

static bool is_known(const struct taking *taking, const struct stat *status)
{
	for (size_t n = 0; n < taking->known_count; n++) {
		if (taking->known[n].device == status->st_dev && taking->known[n].node == status->st_ino)
			return true;
	}
	for (size_t n = 0; n < taking->seen_count; n++) {
		if (taking->seen[n] == status->st_ino)
			return true;
	}
	return false;
}

static bool is_in_list(const pid_t *pids, pid_t pid)
{
	for (; *pids; pids++) {
		if (*pids == pid)
			return true;
	}
	return pid == getpid();         /* what superd is told by, and never says anything back */
}

static int option(int fd, int name)
{
	int value = 0;
	socklen_t size = sizeof(value);

	return getsockopt(fd, SOL_SOCKET, name, &value, &size) == 0 ? value : 0;
}

static bool is_socket(int fd)
{
	int type;
	socklen_t size = sizeof(type);

	return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0;
}

static bool talks_among_themselves(int fd, const pid_t *pids)
{
#ifdef SO_PEERCRED
	struct ucred peer = { 0 };
	socklen_t size = sizeof(peer);

	return option(fd, SO_DOMAIN) == AF_UNIX && getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
	       peer.pid > 0 && is_in_list(pids, peer.pid);
#else
	(void)fd, (void)pids;
	return false;
#endif
}

/* Its other side has gone and all was read: it stays readable, and nothing more comes. */
static bool has_ended(int fd)
{
	struct pollfd state = { fd, POLLIN | POLLRDHUP, 0 };
	int waiting = 0;

	if (poll(&state, 1, 0) <= 0 || !(state.revents & (POLLRDHUP | POLLHUP | POLLERR)))
		return false;
	return ioctl(fd, FIONREAD, &waiting) < 0 || waiting == 0;
}

static bool can_bring(int fd, const pid_t *pids)
{
	struct sockaddr_storage peer;
	socklen_t size = sizeof(peer);

	if (option(fd, SO_ACCEPTCONN))
		return true;
	if (talks_among_themselves(fd, pids))
		return false;
	if (option(fd, SO_TYPE) == SOCK_STREAM && getpeername(fd, (struct sockaddr *)&peer, &size) < 0)
		return false;
	return !has_ended(fd);
}

static void take(struct taking *taking, int pidfd, int number)
{
	struct socket_copies *copies = taking->copies;
	int fd;

	if (copies->count == SOCKET_COPIES_MOST || copies->dull_count == SOCKET_COPIES_MOST) {
		copies->missed++;
		return;
	}
	fd = copy(pidfd, number);
	if (fd < 0) {
		copies->missed += errno != EBADF && errno != ESRCH;
		copies->forbidden |= errno == EPERM || errno == EACCES || errno == ENOSYS;
		return;
	}
	if (!is_socket(fd))
		return;         /* another was put in its place: to close that may be to wait for ever, so it stays */
	if (can_bring(fd, taking->pids))
		copies->fds[copies->count++] = fd;
	else
		copies->dull[copies->dull_count++] = fd;
}

static void take_of(struct taking *taking, pid_t pid, int pidfd)
{
	struct dirent *entry;
	struct stat status;
	DIR *directory;
	char path[64];
	int64_t number;

	snprintf(path, sizeof(path), "/proc/%ld/fd", (long)pid);
	directory = opendir(path);
	if (!directory) {
		taking->copies->forbidden |= errno == EACCES || errno == EPERM;
		return;
	}
	for (int n = 0; (entry = readdir(directory)) && n < DESCRIPTORS_MOST; n++) {
		if (*entry->d_name == '.' || fstatat(dirfd(directory), entry->d_name, &status, 0) < 0 ||
		    !S_ISSOCK(status.st_mode) || is_known(taking, &status) ||
		    scan_count(entry->d_name, &number) || number > INT32_MAX)
			continue;
		if (taking->seen_count < SOCKET_COPIES_MOST)
			taking->seen[taking->seen_count++] = status.st_ino;
		take(taking, pidfd, (int)number);
	}
	taking->copies->missed += entry != NULL;        /* there may be sockets among those that are left */
	closedir(directory);
}

void socket_copies_take(struct socket_copies *copies, const pid_t *pids, const struct file_id *known,
			size_t known_count)
{
	struct taking taking = { .copies = copies, .pids = pids, .known = known, .known_count = known_count };

	copies->count = copies->dull_count = copies->missed = 0;
	copies->forbidden = false;
	for (; *pids; pids++) {
		int pidfd = pidfd_of(*pids);

		if (pidfd >= 0)
			take_of(&taking, *pids, pidfd);
		else
			copies->missed += errno != ESRCH;
		fd_close(&pidfd);
	}
}
