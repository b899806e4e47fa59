/* Copies the sockets of a frozen service, so that superd notices when data arrives for it.
 *
 * A socketpair between two frozen processes brings nothing new, and data that is already in it would thaw the service
 * at once. Such a pair is recognised by SO_PEERCRED and left out.
 *
 * Between the check of a descriptor and its copy, a process that shares the descriptor table may put another file
 * there. So a helper process takes the copies, as it may hang on such a file, and passes on only descriptors that are
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

#define MESSAGE_FDS_MOST 128            /* descriptors in one message; the kernel's limit is 253 (SCM_MAX_FD) */
#define DESCRIPTORS_MOST 4096           /* descriptors of one process to examine */

/* A message of the helper to superd; the last one has no descriptors. */
struct copy_message {
	uint32_t missed, count;
	bool forbidden, is_last;
};

/* The helper's state. */
struct copy_task {
	int to;                         /* socket to superd */
	const pid_t *pids;
	int fds[MESSAGE_FDS_MOST];      /* not sent yet */
	struct copy_message message;
	size_t total;
	const struct file_id *known;
	size_t known_count;
	dev_t device;                   /* device number of all sockets */
	ino_t seen[SOCKET_COPIES_MOST]; /* inodes of those copied or left out, as processes share sockets */
	size_t seen_count;
};

static bool is_known_socket(const struct copy_task *task, ino_t node)
{
	for (size_t n = 0; n < task->known_count; n++) {
		if (task->known[n].device == task->device && task->known[n].node == node)
			return true;
	}
	for (size_t n = 0; n < task->seen_count; n++) {
		if (task->seen[n] == node)
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
	return pid == getppid();        /* the other end is superd, which never sends anything back */
}

static int socket_option(int fd, int name)
{
	int value = 0;
	socklen_t size = sizeof(value);

	return getsockopt(fd, SOL_SOCKET, name, &value, &size) == 0 ? value : 0;
}

static bool is_internal_connection(int fd, const pid_t *pids)
{
#ifdef SO_PEERCRED
	struct ucred peer = { 0 };
	socklen_t size = sizeof(peer);

	return socket_option(fd, SO_DOMAIN) == AF_UNIX && getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
	       peer.pid > 0 && is_in_list(pids, peer.pid);
#else
	(void)fd, (void)pids;
	return false;
#endif
}

/* Whether the peer has closed and everything was read: such a socket stays readable, but nothing more arrives. */
static bool has_connection_ended(int fd)
{
	struct pollfd state = { fd, POLLIN | POLLRDHUP, 0 };
	int waiting = 0;

	if (poll(&state, 1, 0) <= 0 || !(state.revents & (POLLRDHUP | POLLHUP | POLLERR)))
		return false;
	return ioctl(fd, FIONREAD, &waiting) < 0 || waiting == 0;
}

static bool can_receive(int fd, const pid_t *pids)
{
	struct sockaddr_storage peer;
	socklen_t size = sizeof(peer);

	if (socket_option(fd, SO_ACCEPTCONN))
		return true;
	if (is_internal_connection(fd, pids))
		return false;
	if (socket_option(fd, SO_TYPE) == SOCK_STREAM && getpeername(fd, (struct sockaddr *)&peer, &size) < 0)
		return false;
	return !has_connection_ended(fd);
}

/* Sends a batch. false: superd has gone. */
static bool send_copies(struct copy_task *task)
{
	if (!fd_message_send(task->to, &task->message, sizeof(task->message), task->fds, task->message.count, 0))
		return false;
	task->message = (struct copy_message){ 0 };
	return true;
}

static void copy_socket(struct copy_task *task, int pidfd, int number)
{
	int fd;

	if (task->total == SOCKET_COPIES_MOST) {
		task->message.missed++;
		return;
	}
	fd = pidfd_copy(pidfd, number);
	if (fd < 0) {
		task->message.missed += errno != EBADF && errno != ESRCH;
		task->message.forbidden |= errno == EPERM || errno == EACCES || errno == ENOSYS;
		return;
	}
	if (!socket_option(fd, SO_TYPE) || !can_receive(fd, task->pids)) {
		close(fd);              /* which may block */
		return;
	}
	task->total++;
	task->fds[task->message.count++] = fd;
	if (task->message.count == MESSAGE_FDS_MOST && !send_copies(task))
		_exit(1);
}

static void copy_sockets_of(struct copy_task *task, pid_t pid, int pidfd)
{
	struct file_id file;
	struct dirent *entry;
	DIR *directory;
	char path[64];
	int64_t number;

	snprintf(path, sizeof(path), "/proc/%ld/fd", (long)pid);
	directory = opendir(path);
	if (!directory) {
		task->message.forbidden |= errno == EACCES || errno == EPERM;
		return;
	}
	for (int n = 0; (entry = readdir(directory)) && n < DESCRIPTORS_MOST; n++) {
		if (*entry->d_name == '.' || !process_find_file(dirfd(directory), entry->d_name, false, &file) ||
		    file.device != task->device || is_known_socket(task, file.node) ||
		    scan_count(entry->d_name, &number) || number > INT32_MAX)
			continue;
		if (task->seen_count < SOCKET_COPIES_MOST)
			task->seen[task->seen_count++] = file.node;
		copy_socket(task, pidfd, (int)number);
	}
	task->message.missed += entry != NULL;          /* there may be sockets among the rest */
	closedir(directory);
}

static void run_copier(const void *with)
{
	struct copy_task task = *(const struct copy_task *)with;
	struct stat status;

	if (fstat(task.to, &status) < 0)
		return;
	task.device = status.st_dev;
	for (const pid_t *pid = task.pids; *pid; pid++) {
		int pidfd = pidfd_of(*pid);

		if (pidfd >= 0)
			copy_sockets_of(&task, *pid, pidfd);
		else
			task.message.missed += errno != ESRCH;
		fd_close(&pidfd);
	}
	if (task.message.count && !send_copies(&task))
		return;                 /* superd has gone */
	task.message.is_last = true;
	if (send_copies(&task))
		fd_message_await_taken(task.to);
}

pid_t socket_copies_begin(const pid_t *pids, const struct file_id *known, size_t known_count, int *report)
{
	struct copy_task task = { .pids = pids, .known = known, .known_count = known_count };
	int ends[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return -1;
	task.to = ends[1];
	pid = spawn_worker("superd-copy", CAPS_TO_LOOK, run_copier, &task, &ends[1], 1);
	fd_close(&ends[1]);
	if (pid < 0) {
		fd_close(&ends[0]);
		return -1;
	}
	fd_set_nonblocking(ends[0], true);
	*report = fd_raise(ends[0], FD_HIGH);
	return pid;
}

static void add_copies(struct socket_copies *copies, const int *fds, size_t count)
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
	struct copy_message message;
	int fds[MESSAGE_FDS_MOST];

	for (;;) {
		size_t count = MESSAGE_FDS_MOST;
		ssize_t got = fd_message_receive(report, &message, sizeof(message), fds, &count, MSG_DONTWAIT);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 && errno == EAGAIN)
			return SOCKET_COPYING_WAITS;
		if (got != (ssize_t)sizeof(message))
			return SOCKET_COPYING_FAILED;
		add_copies(copies, fds, count);
		copies->missed += message.missed + message.count - count;
		copies->forbidden |= message.forbidden;
		if (message.is_last) {
			/* Confirms: the helper may drop its copies. */
			(void)send(report, "", 1, MSG_DONTWAIT | MSG_NOSIGNAL);
			return SOCKET_COPYING_DONE;
		}
	}
}
