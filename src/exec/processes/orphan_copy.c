/* The process beside superd. A backend could hand superd another socket in place of its own: one of a
 * network of its own, which nobody comes to, or one that it has made itself, so that its user could open others at the
 * address later. The kernel tells both: a socket's network has a number (SO_NETNS_COOKIE), and its node the user who
 * made it, which nobody else can become. The same goes for a pipe.
 *
 * As in exec/processes/socket_copy it keeps its own copies until superd has said that it has them. */
#include "exec/processes/orphan_copy.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fd.h"
#include "base/fd_message.h"
#include "base/scan.h"
#include "exec/plan/plan.h"
#include "exec/spawn/spawn.h"
#include "os/cgroup/cgroup_delegation.h"
#include "os/proc/pidfd.h"
#include "os/proc/process.h"
#include "os/rights/required_caps.h"
#include "os/socket/bind.h"

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71              /* of asm-generic/socket.h (Linux 5.14), on most architectures */
#endif

#define PROCESSES_MOST 64               /* of one group that are looked at */
#define DESCRIPTORS_MOST 4096           /* of one process */
#define STATUS_MOST 4096
#define HANDED_MOST (ORPHAN_SOCKETS + 5)

/* A message: the copy without its descriptors, of which has[] tells which are sent, in its order. */
struct orphan_answer {
	struct orphan_copy copy;
	bool has[HANDED_MOST];
};

struct orphan_look {
	const struct orphan_order *orders;
	size_t count;
	const struct table *table;
	int to;
	uint64_t network;               /* superd's own */
	bool knows_network;
};

/* One group. */
struct orphan_family {
	struct process list[PROCESSES_MOST];
	size_t count;
};

/* The descriptors of a copy, in the order of an answer. */
static int *descriptor(struct orphan_copy *copy, size_t n)
{
	int *first[] = {
		&copy->pidfd, &copy->log.read, &copy->log.write, &copy->syslog.read, &copy->syslog.write,
	};
	const size_t count = sizeof(first) / sizeof(*first);

	return n < count ? first[n] : &copy->sockets[n - count];
}

static void forget_descriptors(struct orphan_copy *copy)
{
	for (size_t n = 0; n < HANDED_MOST; n++)
		*descriptor(copy, n) = -1;
}

static bool find_network(int fd, uint64_t *network)
{
	socklen_t size = sizeof(*network);

	return fd >= 0 && getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, network, &size) == 0;
}

static bool add_process(void *context, long pid)
{
	struct orphan_family *family = context;

	if (pid > 1 && family->count < PROCESSES_MOST && process_read((pid_t)pid, &family->list[family->count]) &&
	    !family->list[family->count].ended)
		family->count++;
	return true;
}

static bool has_parent(const struct orphan_family *family, const struct process *process)
{
	for (size_t n = 0; n < family->count; n++) {
		if (family->list[n].pid == process->parent)
			return true;
	}
	return false;
}

/* The first that nobody in the group has started. */
static const struct process *find_main(const struct orphan_family *family)
{
	const struct process *main = NULL;

	for (size_t n = 0; n < family->count; n++) {
		const struct process *one = &family->list[n];

		if (!has_parent(family, one) &&
		    (!main || one->start_time < main->start_time ||
		     (one->start_time == main->start_time && one->pid < main->pid)))
			main = one;
	}
	return main;
}

static bool is_process(void *context, long pid)
{
	pid_t *wanted = context;

	if (*wanted == (pid_t)pid)
		*wanted = 0;
	return *wanted;
}

/* A descriptor for it that is surely of one in the group: its number may have become another's before. */
static int open_main(const char *group, pid_t pid)
{
	int pidfd = pidfd_of(pid);

	if (pidfd >= 0 && (!cgroup_each_process(group, is_process, &pid) || pid))
		fd_close(&pidfd);
	return pidfd;
}

/* Whose it is, as the kernel has it: the first number is the real one. */
static bool runs_as(pid_t pid, uid_t user)
{
	char path[64], *text, *line;
	size_t length;
	bool same;

	snprintf(path, sizeof(path), "/proc/%ld/status", (long)pid);
	text = fd_read_file(path, STATUS_MOST, &length);
	line = text ? strstr(text, "\nUid:") : NULL;
	same = line && strtoull(line + 5, NULL, 10) == user;
	free(text);
	return same;
}

static bool is_made_by_superd(int fd, mode_t kind)
{
	struct stat status;

	return fstat(fd, &status) == 0 && (status.st_mode & S_IFMT) == kind && status.st_uid == geteuid();
}

static bool is_in_network(const struct orphan_look *looking, int fd)
{
	uint64_t network;

	return looking->knows_network && find_network(fd, &network) && network == looking->network;
}

/* The sockets of a group, of which each is to be seen once. */
struct orphan_walk {
	ino_t seen[DESCRIPTORS_MOST / 4];
	size_t seen_count;
	bool (*see)(void *context, int *fd);
	void *context;
};

static bool is_new(struct orphan_walk *walk, ino_t node)
{
	for (size_t n = 0; n < walk->seen_count; n++) {
		if (walk->seen[n] == node)
			return false;
	}
	if (walk->seen_count < sizeof(walk->seen) / sizeof(*walk->seen))
		walk->seen[walk->seen_count++] = node;
	return true;
}

/* false: see has said that it is enough. */
static bool see_one(struct orphan_walk *walk, int pidfd, int folder, const char *name)
{
	struct file_id file;
	int64_t number;
	bool more;
	int fd;

	if (*name == '.' || !process_find_file(folder, name, false, &file) || !file.node || !is_new(walk, file.node) ||
	    scan_count(name, &number) || number > INT32_MAX)
		return true;
	fd = pidfd_copy(pidfd, (int)number);
	more = fd < 0 || walk->see(walk->context, &fd);
	fd_close(&fd);
	return more;
}

static bool see_those_of(struct orphan_walk *walk, pid_t pid)
{
	int pidfd = pidfd_of(pid), looked = 0;
	bool more = true;
	struct dirent *entry;
	char path[64];
	DIR *stream;

	snprintf(path, sizeof(path), "/proc/%ld/fd", (long)pid);
	stream = pidfd >= 0 ? opendir(path) : NULL;
	while (more && stream && (entry = readdir(stream)) && looked++ < DESCRIPTORS_MOST)
		more = see_one(walk, pidfd, dirfd(stream), entry->d_name);
	if (stream)
		closedir(stream);
	fd_close(&pidfd);
	return more;
}

/* Calls see for a copy of each socket that the processes of a group have, until that says false. It takes the copy over
 * by setting it to -1. */
static void each_socket(const struct orphan_family *family, bool (*see)(void *context, int *fd), void *context)
{
	struct orphan_walk walk = { .see = see, .context = context };
	bool more = true;

	for (size_t n = 0; more && n < family->count; n++)
		more = see_those_of(&walk, family->list[n].pid);
}

struct orphan_search {
	const struct orphan_look *looking;
	const struct service *service;
	struct orphan_copy *copy;
};

static bool take_socket(void *context, int *fd)
{
	struct orphan_search *search = context;

	if (!is_made_by_superd(*fd, S_IFSOCK) || !is_in_network(search->looking, *fd))
		return true;
	for (size_t n = 0; n < search->service->socket_count; n++) {
		int *place = &search->copy->sockets[n];

		if (*place >= 0 || !bind_matches(*fd, &search->service->sockets[n]))
			continue;
		*place = *fd;
		*fd = -1;
		return true;
	}
	return true;
}

static bool refuse(struct orphan_copy *copy, const char *format, ...) __attribute__((format(printf, 2, 3)));
static bool refuse(struct orphan_copy *copy, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(copy->why, sizeof(copy->why), format, arguments);
	va_end(arguments);
	return false;
}

static bool take_sockets(const struct orphan_look *looking, const struct orphan_family *family,
			 const struct service *service, struct orphan_copy *copy)
{
	struct orphan_search search = { looking, service, copy };
	struct buf text = { 0 };
	bool all = true;

	each_socket(family, take_socket, &search);
	for (size_t n = 0; all && n < service->socket_count; n++) {
		const struct listen *listen = &service->sockets[n];

		if (copy->sockets[n] >= 0 || listen->options->optional || listen->endpoint->kind == ENDPOINT_TCPMUX)
			continue;
		endpoint_format(listen->endpoint, &text);
		all = refuse(copy, "it does not have %s as superd opens it", buf_string(&text));
	}
	buf_free(&text);
	return all;
}

/* The pipe that it prints to has lost its reader with superd: each line would end it by SIGPIPE, or in an error. */
static void take_pipe(int pidfd, int number, struct orphan_pipe *pipe)
{
	char path[64];
	int fd;

	if (pipe->write >= 0)
		return;
	fd = pidfd_copy(pidfd, number);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (fd >= 0 && is_made_by_superd(fd, S_IFIFO) && (fcntl(fd, F_GETFL) & O_ACCMODE) == O_WRONLY) {
		pipe->read = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
		if (pipe->read >= 0) {
			pipe->write = fd;
			return;
		}
	}
	fd_close(&fd);
}

static void take_pipes(const struct service *service, struct orphan_copy *copy)
{
	for (int number = STDOUT_FILENO; number <= STDERR_FILENO; number++) {
		unsigned kind = plan_stream(service, number)->kind;

		if (kind == STREAM_LOG)
			take_pipe(copy->pidfd, number, &copy->log);
		else if (kind == STREAM_SYSLOG)
			take_pipe(copy->pidfd, number, &copy->syslog);
	}
}

static bool take(const struct orphan_look *looking, const struct orphan_family *family,
		 const struct orphan_order *order, struct orphan_copy *copy)
{
	const struct service *service = order->service;
	const struct account *account = service->account;

	if (service->exec->accept)
		return refuse(copy, "its row has accept = yes by now");
	if (service->exec->builtin || service->exec->redirect)
		return refuse(copy, "it is a program of superd's own");
	if (service->socket_count > ORPHAN_SOCKETS)
		return refuse(copy, "it has more than %d sockets", ORPHAN_SOCKETS);
	if (account && account->switches && !runs_as(copy->pid, account->uid))
		return refuse(copy, "its row has another user by now");
	copy->pidfd = open_main(order->group, copy->pid);
	if (copy->pidfd < 0)
		return refuse(copy, "it has ended, or this kernel has no pidfds");
	if (!take_sockets(looking, family, service, copy))
		return false;
	take_pipes(service, copy);
	return true;
}

/* Whoever has made the socket, superd could not bind its address. A connection of accept = yes on datagrams has the
 * listener itself, and is left to finish. */
static bool find_row(void *context, int *fd)
{
	struct orphan_search *search = context;
	const struct table *table = search->looking->table;

	if (!is_in_network(search->looking, *fd))
		return true;

	for (size_t n = 0; n < table->count; n++) {
		const struct service *service = &table->services[n];

		for (size_t i = 0; !service->exec->disable && i < service->socket_count; i++) {
			const struct listen *listen = &service->sockets[i];

			if ((service->exec->accept && !endpoint_accepts(listen->address)) || !bind_matches(*fd, listen))
				continue;
			search->copy->standing = ORPHAN_BARS;
			search->copy->row = (unsigned)n;
			return false;
		}
	}
	return true;
}

static void look_at(const struct orphan_look *looking, size_t n, struct orphan_copy *copy)
{
	const struct orphan_order *order = &looking->orders[n];
	struct orphan_search search = { looking, NULL, copy };
	struct orphan_family family = { .count = 0 };
	const struct process *main;

	cgroup_each_process(order->group, add_process, &family);
	main = find_main(&family);
	if (!main)
		return;
	copy->pid = main->pid;
	copy->start_time = main->start_time;
	if (order->service && take(looking, &family, order, copy)) {
		copy->standing = ORPHAN_FITS;
		return;
	}
	if (!order->service)
		refuse(copy, "its own service is not in the table");
	if (order->service && !order->service->exec->accept) {
		copy->standing = ORPHAN_BARS;
		copy->row = (unsigned)(order->service - looking->table->services);
		return;
	}
	each_socket(&family, find_row, &search);
}

static bool hand_over(int to, struct orphan_copy *copy)
{
	struct orphan_answer answer = { .copy = *copy };
	int fds[HANDED_MOST];
	size_t count = 0;

	for (size_t n = 0; copy->standing == ORPHAN_FITS && n < HANDED_MOST; n++) {
		answer.has[n] = *descriptor(copy, n) >= 0;
		if (answer.has[n])
			fds[count++] = *descriptor(copy, n);
	}
	return fd_message_send(to, &answer, sizeof(answer), fds, count, 0);
}

static void look(const void *with)
{
	struct orphan_look looking = *(const struct orphan_look *)with;
	int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	looking.knows_network = find_network(probe, &looking.network);
	fd_close(&probe);
	for (size_t n = 0; n < looking.count; n++) {
		struct orphan_copy copy = { .order = (unsigned)n };

		forget_descriptors(&copy);
		look_at(&looking, n, &copy);
		if (!hand_over(looking.to, &copy))
			return;
	}
	shutdown(looking.to, SHUT_WR);
	fd_message_await_taken(looking.to);
}

pid_t orphan_copy_begin(const struct orphan_order *orders, size_t count, const struct table *table, int *report)
{
	struct orphan_look looking = { .orders = orders, .count = count, .table = table };
	int ends[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return -1;
	looking.to = ends[1];
	pid = spawn_worker("superd-copy", CAPS_TO_LOOK, look, &looking, &ends[1], 1);
	fd_close(&ends[1]);
	if (pid < 0) {
		fd_close(&ends[0]);
		return -1;
	}
	fd_set_nonblocking(ends[0], true);
	*report = fd_raise(ends[0], FD_HIGH);
	return pid;
}

enum orphan_hearing orphan_copy_hear(int report, struct orphan_copy *copy)
{
	struct orphan_answer answer;
	int fds[HANDED_MOST], *next = fds;
	size_t count = HANDED_MOST;
	ssize_t got = fd_message_receive(report, &answer, sizeof(answer), fds, &count, MSG_DONTWAIT);

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return ORPHAN_WAITS;
	if (got != (ssize_t)sizeof(answer)) {
		(void)send(report, "", 1, MSG_DONTWAIT | MSG_NOSIGNAL); /* it may let go of its own */
		return ORPHAN_OVER;
	}
	*copy = answer.copy;
	forget_descriptors(copy);
	for (size_t n = 0; n < HANDED_MOST; n++) {
		if (!answer.has[n])
			continue;
		if (next == fds + count) {      /* there was no room for some of them */
			copy->standing = ORPHAN_BARS;
			snprintf(copy->why, sizeof(copy->why), "superd is out of descriptors");
			continue;
		}
		*descriptor(copy, n) = fd_raise(*next++, FD_HIGH);
	}
	return ORPHAN_HEARD;
}
