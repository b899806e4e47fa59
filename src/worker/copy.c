/* Adds the sockets of frozen processes to an epoll set of superd's (epoll(7)), so that superd notices when data arrives
 * for them.
 *
 * A socketpair between two frozen processes brings nothing new, and data that is already in it would thaw the service
 * at once. Such a pair is recognised by SO_PEERCRED and left out.
 *
 * Between the check of a descriptor and its copy, a process that shares the descriptor table may put another file
 * there. So the copies are taken here, where one may hang, and only what is proved to be a socket is watched. Each copy
 * may be closed at once: a socket leaves an epoll set only when the last process has closed it, and the frozen process
 * keeps it open. */
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/scan.h"
#include "os/netdiag/socket_address.h"
#include "os/proc/pidfd.h"
#include "worker/work.h"

#define DESCRIPTORS_MOST 65536          /* descriptors of one process to examine */
#define SEEN_MOST 65536ul               /* sockets to examine; a power of two */
#define PORTS_MOST 64                   /* listeners of the processes' own whose ended connections are watched */
#define ENDED_MOST 64                   /* such connections */

/* The helper's state. */
struct watch_task {
	const struct socket_watch_request *request;
	int epoll;                      /* superd's epoll set */
	struct socket_watch_result result;
	dev_t device;                   /* device number of all sockets */
	ino_t *seen;                    /* hash table of the inodes examined, as processes share sockets; 0: free */
	size_t seen_count;
	int ports[PORTS_MOST];          /* where the processes listen themselves */
	size_t port_count;
	int ended[ENDED_MOST];          /* copies of connections that have ended */
	size_t ended_count;
};

static bool is_known_socket(const struct watch_task *task, ino_t node)
{
	const struct socket_watch_request *request = task->request;

	for (size_t n = 0; n < request->known_count; n++) {
		if (request->known[n].device == task->device && request->known[n].node == node)
			return true;
	}
	return false;
}

/* Whether this socket is met for the first time. The table is never more than half full. */
static bool see_socket(struct watch_task *task, ino_t node)
{
	size_t at = (size_t)node % (2 * SEEN_MOST);

	while (task->seen[at] && task->seen[at] != node)
		at = (at + 1) % (2 * SEEN_MOST);
	if (task->seen[at])
		return false;
	if (task->seen_count == SEEN_MOST) {
		task->result.missed++;
		return false;
	}
	task->seen[at] = node;
	task->seen_count++;
	return true;
}

static bool is_one_of(const struct socket_watch_request *request, pid_t pid)
{
	for (size_t n = 0; n < request->pid_count; n++) {
		if (request->pids[n] == pid)
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

static bool is_internal_connection(int fd, const struct socket_watch_request *request)
{
	struct ucred peer = { 0 };
	socklen_t size = sizeof(peer);

	return socket_option(fd, SO_DOMAIN) == AF_UNIX && getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
	       peer.pid > 0 && is_one_of(request, peer.pid);
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

/* The port of an Internet socket of connections; 0: it is none. */
static int port_of(int fd)
{
	struct socket_address name = { .length = sizeof(name.storage) };

	if (socket_option(fd, SO_TYPE) != SOCK_STREAM || getsockname(fd, &name.any, &name.length) < 0)
		return 0;
	return socket_address_port(&name) > 0 ? socket_address_port(&name) : 0;
}

/* By its number, as superd has a function of that name for its loop (superd/loop/loop_room). */
static void add_to_set(struct watch_task *task, int fd)
{
	struct epoll_event event = { .events = EPOLLIN };

	task->result.missed += syscall(SYS_epoll_ctl, task->epoll, EPOLL_CTL_ADD, fd, &event) < 0;
}

static void note_port(struct watch_task *task, int port)
{
	if (port && task->port_count < PORTS_MOST)
		task->ports[task->port_count++] = port;
}

/* Whether something may arrive at this socket that the frozen processes have to see, or has arrived. */
static bool is_wanted(struct watch_task *task, int fd)
{
	const struct socket_watch_request *request = task->request;
	struct sockaddr_storage peer;
	socklen_t size = sizeof(peer);
	bool is_client, is_probe = false;

	if (socket_option(fd, SO_ACCEPTCONN)) {
		note_port(task, port_of(fd));
		return true;
	}
	if (is_internal_connection(fd, request))
		return false;
	is_client = conn_counts_own(request->listeners, request->listener_count, fd, &is_probe);
	if (is_probe || (is_client && request->has_ends))
		return !is_probe;
	if (socket_option(fd, SO_TYPE) == SOCK_STREAM && getpeername(fd, (struct sockaddr *)&peer, &size) < 0)
		return false;
	return !has_connection_ended(fd);
}

/* Whether this socket of the relay is a client's, whose bytes the frozen processes have to see. What they have sent to
 * the relay themselves may wait. A socket that was accepted has the name of its listener. */
static bool is_relayed_client(struct watch_task *task, int fd)
{
	const struct socket_watch_request *request = task->request;
	struct sockaddr_storage name = { 0 };
	socklen_t size = sizeof(name);
	bool is_probe = false;

	if (socket_option(fd, SO_ACCEPTCONN) || is_internal_connection(fd, request) ||
	    getsockname(fd, (struct sockaddr *)&name, &size) < 0)
		return false;
	if (name.ss_family == AF_UNIX ? size <= sizeof(sa_family_t)
				      : !conn_counts_own(request->listeners, request->listener_count, fd, &is_probe))
		return false;
	return !is_probe && (request->has_ends || !has_connection_ended(fd));
}

/* Whether the connection has ended, and may be of a listener of the processes' own, which is met later. */
static bool may_be_own_end(const struct watch_task *task, int fd)
{
	return task->request->has_ends && task->ended_count < ENDED_MOST && port_of(fd) && has_connection_ended(fd);
}

/* Of the connections that have ended, those of listeners matter: the processes have to close them. */
static void add_own_ends(struct watch_task *task)
{
	for (size_t n = 0; n < task->ended_count; n++) {
		int port = port_of(task->ended[n]);

		for (size_t at = 0; at < task->port_count; at++) {
			if (task->ports[at] != port)
				continue;
			add_to_set(task, task->ended[n]);
			break;
		}
		close(task->ended[n]);
	}
}

static void watch_socket(struct watch_task *task, int pidfd, int number, bool is_relays)
{
	int fd = pidfd_copy(pidfd, number);

	if (fd < 0) {
		task->result.missed += errno != EBADF && errno != ESRCH;
		task->result.forbidden |= errno == EPERM || errno == EACCES || errno == ENOSYS;
		return;
	}
	if (socket_option(fd, SO_TYPE) && (is_relays ? is_relayed_client(task, fd) : is_wanted(task, fd))) {
		add_to_set(task, fd);
	} else if (!is_relays && socket_option(fd, SO_TYPE) && may_be_own_end(task, fd)) {
		task->ended[task->ended_count++] = fd;
		return;
	}
	close(fd);                      /* which may block */
}

static void watch_sockets_of(struct watch_task *task, pid_t pid)
{
	int pidfd = pidfd_of(pid);
	struct file_id file;
	struct dirent *entry;
	DIR *directory;
	char path[64];
	int64_t number;

	if (pidfd < 0) {
		task->result.missed += errno != ESRCH;
		return;
	}
	snprintf(path, sizeof(path), "/proc/%ld/fd", (long)pid);
	directory = opendir(path);
	if (!directory)
		task->result.forbidden |= errno == EACCES || errno == EPERM;
	for (int n = 0; directory && (entry = readdir(directory)); n++) {
		if (n == DESCRIPTORS_MOST) {
			task->result.missed++;  /* there may be sockets among the rest */
			break;
		}
		if (*entry->d_name == '.' || !process_find_file(dirfd(directory), entry->d_name, false, &file) ||
		    file.device != task->device || is_known_socket(task, file.node) ||
		    scan_count(entry->d_name, &number) || number > INT32_MAX || !see_socket(task, file.node))
			continue;
		watch_socket(task, pidfd, (int)number, pid == task->request->relay);
	}
	if (directory)
		closedir(directory);
	fd_close(&pidfd);
}

static void watch_relay(struct watch_task *task)
{
	struct socket_watch_result others = task->result;

	task->result = (struct socket_watch_result){ 0 };
	watch_sockets_of(task, task->request->relay);
	others.relay_unseen = task->result.missed || task->result.forbidden;
	task->result = others;
}

void work_copy(int channel)
{
	struct socket_watch_request request = { 0 };
	struct watch_task task = { .request = &request };
	struct record record;
	struct stat status;
	size_t count = 1;

	if (!request_receive(channel, &record, &task.epoll, &count) || !count)
		return;
	socket_watch_request_record(&record, &request);
	if (!record_is_read(&record) || fstat(channel, &status) < 0)
		return;
	task.seen = calloc(2 * SEEN_MOST, sizeof(*task.seen));
	if (!task.seen)
		return;
	task.device = status.st_dev;
	for (size_t n = 0; n < request.pid_count; n++)
		watch_sockets_of(&task, request.pids[n]);
	if (request.relay)
		watch_relay(&task);
	add_own_ends(&task);
	(void)send(channel, &task.result, sizeof(task.result), MSG_NOSIGNAL);
}
