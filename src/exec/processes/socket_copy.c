/* Copies the sockets of a frozen service, so that superd notices when data arrives for it.
 *
 * A socketpair between two frozen processes brings nothing new, and data that lies in it already would wake the service
 * at once. Such a pair is recognised by SO_PEERCRED and left out.
 *
 * Between the look at a descriptor and its copy, a process that shares the table may put another file there. So a
 * process of superd's own takes the copies, as it may hang on such a file, and passes on only descriptors that are
 * proved to be sockets. It keeps its copies until superd confirms them: superd may have no room for some, and the
 * kernel would close the last copy of a connection. */
#include "exec/processes/socket_copy.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/fd_message.h"
#include "base/scan.h"
#include "exec/spawn/spawn.h"
#include "os/proc/pidfd.h"
#include "os/rights/required_caps.h"

#define HANDED_MOST 128                 /* descriptors of one message; the kernel takes 253 */
#define DESCRIPTORS_MOST 4096           /* of one process that are looked at */

/* A message of the copying process to superd; the last has no descriptors. */
struct handed_sockets {
	uint32_t missed, count;
	bool forbidden, is_last;
};

struct taking {
	int to;                         /* whom they are handed to */
	const pid_t *pids;
	int fds[HANDED_MOST];           /* not handed over yet */
	struct handed_sockets handed;
	size_t total;
	const struct file_id *known;
	size_t known_count;
	dev_t device;                   /* of all sockets */
	ino_t seen[SOCKET_COPIES_MOST]; /* of those copied or left out, as processes share them */
	size_t seen_count;
};

static bool is_known(const struct taking *taking, ino_t node)
{
	for (size_t n = 0; n < taking->known_count; n++) {
		if (taking->known[n].device == taking->device && taking->known[n].node == node)
			return true;
	}
	for (size_t n = 0; n < taking->seen_count; n++) {
		if (taking->seen[n] == node)
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
	return pid == getppid();        /* what superd is told by, and never says anything back */
}

static int option(int fd, int name)
{
	int value = 0;
	socklen_t size = sizeof(value);

	return getsockopt(fd, SOL_SOCKET, name, &value, &size) == 0 ? value : 0;
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

/* Whether the peer has closed and everything was read: such a socket stays readable, but nothing more comes. */
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

/* false: nobody is there to take them. */
static bool hand_over(struct taking *taking)
{
	if (!fd_message_send(taking->to, &taking->handed, sizeof(taking->handed), taking->fds, taking->handed.count, 0))
		return false;
	taking->handed = (struct handed_sockets){ 0 };
	return true;
}

static void take(struct taking *taking, int pidfd, int number)
{
	int fd;

	if (taking->total == SOCKET_COPIES_MOST) {
		taking->handed.missed++;
		return;
	}
	fd = pidfd_copy(pidfd, number);
	if (fd < 0) {
		taking->handed.missed += errno != EBADF && errno != ESRCH;
		taking->handed.forbidden |= errno == EPERM || errno == EACCES || errno == ENOSYS;
		return;
	}
	if (!option(fd, SO_TYPE) || !can_bring(fd, taking->pids)) {
		close(fd);              /* which may wait */
		return;
	}
	taking->total++;
	taking->fds[taking->handed.count++] = fd;
	if (taking->handed.count == HANDED_MOST && !hand_over(taking))
		_exit(1);
}

static void take_of(struct taking *taking, pid_t pid, int pidfd)
{
	struct file_id file;
	struct dirent *entry;
	DIR *directory;
	char path[64];
	int64_t number;

	snprintf(path, sizeof(path), "/proc/%ld/fd", (long)pid);
	directory = opendir(path);
	if (!directory) {
		taking->handed.forbidden |= errno == EACCES || errno == EPERM;
		return;
	}
	for (int n = 0; (entry = readdir(directory)) && n < DESCRIPTORS_MOST; n++) {
		if (*entry->d_name == '.' || !process_find_file(dirfd(directory), entry->d_name, false, &file) ||
		    file.device != taking->device || is_known(taking, file.node) ||
		    scan_count(entry->d_name, &number) || number > INT32_MAX)
			continue;
		if (taking->seen_count < SOCKET_COPIES_MOST)
			taking->seen[taking->seen_count++] = file.node;
		take(taking, pidfd, (int)number);
	}
	taking->handed.missed += entry != NULL;         /* there may be sockets among those that are left */
	closedir(directory);
}

static void take_all(const void *with)
{
	struct taking taking = *(const struct taking *)with;
	struct stat status;

	if (fstat(taking.to, &status) < 0)
		return;
	taking.device = status.st_dev;
	for (const pid_t *pid = taking.pids; *pid; pid++) {
		int pidfd = pidfd_of(*pid);

		if (pidfd >= 0)
			take_of(&taking, *pid, pidfd);
		else
			taking.handed.missed += errno != ESRCH;
		fd_close(&pidfd);
	}
	if (taking.handed.count && !hand_over(&taking))
		return;                 /* superd has gone, and has nothing to drop */
	taking.handed.is_last = true;
	if (hand_over(&taking))
		fd_message_await_taken(taking.to);
}

pid_t socket_copies_begin(const pid_t *pids, const struct file_id *known, size_t known_count, int *report)
{
	struct taking taking = { .pids = pids, .known = known, .known_count = known_count };
	int ends[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return -1;
	taking.to = ends[1];
	pid = spawn_worker("superd-copy", CAPS_TO_LOOK, take_all, &taking, &ends[1], 1);
	fd_close(&ends[1]);
	if (pid < 0) {
		fd_close(&ends[0]);
		return -1;
	}
	fd_set_nonblocking(ends[0], true);
	*report = fd_raise(ends[0], FD_HIGH);
	return pid;
}

static void keep(struct socket_copies *copies, const int *fds, size_t count)
{
	for (size_t n = 0; n < count; n++) {
		int fd = fd_raise(fds[n], FD_HIGH);

		if (copies->count < SOCKET_COPIES_MOST)
			copies->fds[copies->count++] = fd;
		else
			fd_close(&fd);
	}
}

enum socket_copying socket_copies_hear(int report, struct socket_copies *copies)
{
	struct handed_sockets handed;
	int fds[HANDED_MOST];

	for (;;) {
		size_t count = HANDED_MOST;
		ssize_t got = fd_message_receive(report, &handed, sizeof(handed), fds, &count, MSG_DONTWAIT);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 && errno == EAGAIN)
			return SOCKET_COPYING_WAITS;
		if (got != (ssize_t)sizeof(handed))
			return SOCKET_COPYING_FAILED;
		keep(copies, fds, count);
		copies->missed += handed.missed + handed.count - count;
		copies->forbidden |= handed.forbidden;
		if (handed.is_last) {
			(void)send(report, "", 1, MSG_DONTWAIT | MSG_NOSIGNAL); /* it may let go of its own */
			return SOCKET_COPYING_DONE;
		}
	}
}
