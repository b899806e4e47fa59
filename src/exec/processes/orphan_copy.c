/* The helper process. A backend could have put another socket in place of its own: one in a network namespace of its
 * own, which no client reaches, or one that it made itself, so that its user could later bind others at the address.
 * The kernel tells both: SO_NETNS_COOKIE identifies a socket's network namespace, and its inode the user who made it.
 * The same holds for a pipe.
 *
 * The helper keeps its own copies until superd confirms that it has them: superd may have no room for some, and the
 * kernel would close the last copy of a connection. */
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
#include "os/cgroup/cgroup_delegation.h"
#include "os/proc/pidfd.h"
#include "os/proc/process.h"
#include "os/rights/required_caps.h"
#include "os/socket/bind.h"
#include "os/socket/plain_descriptor.h"

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71              /* asm-generic/socket.h (Linux 5.14), the same on most architectures */
#endif

#define PROCESSES_MOST 64               /* processes of one group to examine */
#define DESCRIPTORS_MOST 4096           /* descriptors of one process to examine */
#define STATUS_MOST 4096
#define COPIES_MOST (ORPHAN_SOCKETS + 5)

/* A message: the copy, and has[], which tells which of its descriptors were sent, in the order of copy_descriptor. */
struct orphan_answer {
	struct orphan_copy copy;
	unsigned char has[COPIES_MOST];
};

/* What the helper works on. */
struct orphan_task {
	const struct orphan_request *requests;
	size_t count;
	const struct table *table;
	uint64_t network_cookie;        /* SO_NETNS_COOKIE of superd's own network namespace */
	bool knows_network;
};

/* The processes of one group. */
struct orphan_group {
	struct process list[PROCESSES_MOST];
	size_t count;
};

/* The n-th descriptor of a copy, in the order of an answer. */
static int *copy_descriptor(struct orphan_copy *copy, size_t n)
{
	int *first[] = {
		&copy->pidfd, &copy->log.read, &copy->log.write, &copy->syslog.read, &copy->syslog.write,
	};
	const size_t count = sizeof(first) / sizeof(*first);

	return n < count ? first[n] : &copy->sockets[n - count];
}

static void clear_descriptors(struct orphan_copy *copy)
{
	for (size_t n = 0; n < COPIES_MOST; n++)
		*copy_descriptor(copy, n) = -1;
}

static bool read_network_cookie(int fd, uint64_t *network_cookie)
{
	socklen_t size = sizeof(*network_cookie);

	return fd >= 0 && getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, network_cookie, &size) == 0;
}

static bool add_process(void *context, long pid)
{
	struct orphan_group *group = context;

	if (pid > 1 && group->count < PROCESSES_MOST && process_read((pid_t)pid, &group->list[group->count]) &&
	    !group->list[group->count].ended)
		group->count++;
	return true;
}

static bool has_parent(const struct orphan_group *group, const struct process *process)
{
	for (size_t n = 0; n < group->count; n++) {
		if (group->list[n].pid == process->parent)
			return true;
	}
	return false;
}

/* The oldest process whose parent is not in the group. */
static const struct process *find_main(const struct orphan_group *group)
{
	const struct process *main = NULL;

	for (size_t n = 0; n < group->count; n++) {
		const struct process *process = &group->list[n];

		if (!has_parent(group, process) &&
		    (!main || process->start_time < main->start_time ||
		     (process->start_time == main->start_time && process->pid < main->pid)))
			main = process;
	}
	return main;
}

static bool match_pid(void *context, long pid)
{
	pid_t *wanted = context;

	if (*wanted == (pid_t)pid)
		*wanted = 0;
	return *wanted;
}

/* Opens a pidfd that is certainly of a process in the group: the pid may have been reused before. */
static int open_main(const char *group, pid_t pid)
{
	int pidfd = pidfd_of(pid);

	if (pidfd >= 0 && (!cgroup_each_process(group, match_pid, &pid) || pid))
		fd_close(&pidfd);
	return pidfd;
}

/* Whether this is the process's real user (the first number of "Uid:", proc_pid_status(5)). */
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

static bool is_in_network(const struct orphan_task *task, int fd)
{
	uint64_t network_cookie;

	return task->knows_network && read_network_cookie(fd, &network_cookie) &&
		network_cookie == task->network_cookie;
}

/* A walk over the sockets of a group, each of which is seen once. */
struct orphan_sockets {
	ino_t seen[DESCRIPTORS_MOST / 4];
	size_t seen_count;
	bool (*see)(void *context, int *fd);
	void *context;
};

static bool is_new_socket(struct orphan_sockets *walk, ino_t node)
{
	for (size_t n = 0; n < walk->seen_count; n++) {
		if (walk->seen[n] == node)
			return false;
	}
	if (walk->seen_count < sizeof(walk->seen) / sizeof(*walk->seen))
		walk->seen[walk->seen_count++] = node;
	return true;
}

/* Copies one socket and calls `see`. false: `see` ended the walk. */
static bool copy_one(struct orphan_sockets *walk, int pidfd, int folder, const char *name)
{
	struct file_id file;
	int64_t number;
	bool more;
	int fd;

	if (*name == '.' || !process_find_file(folder, name, false, &file) || !file.node ||
	    !is_new_socket(walk, file.node) || scan_count(name, &number) || number > INT32_MAX)
		return true;
	fd = pidfd_copy(pidfd, (int)number);
	more = fd < 0 || walk->see(walk->context, &fd);
	fd_close(&fd);
	return more;
}

static bool copy_sockets_of(struct orphan_sockets *walk, pid_t pid)
{
	int pidfd = pidfd_of(pid), looked = 0;
	bool more = true;
	struct dirent *entry;
	char path[64];
	DIR *stream;

	snprintf(path, sizeof(path), "/proc/%ld/fd", (long)pid);
	stream = pidfd >= 0 ? opendir(path) : NULL;
	while (more && stream && (entry = readdir(stream)) && looked++ < DESCRIPTORS_MOST)
		more = copy_one(walk, pidfd, dirfd(stream), entry->d_name);
	if (stream)
		closedir(stream);
	fd_close(&pidfd);
	return more;
}

/* Calls `see` for a copy of each socket that the processes of a group have, until it returns false. `see` takes the
 * copy over by setting it to -1. */
static void each_socket(const struct orphan_group *group, bool (*see)(void *context, int *fd), void *context)
{
	struct orphan_sockets walk = { .see = see, .context = context };
	bool more = true;

	for (size_t n = 0; more && n < group->count; n++)
		more = copy_sockets_of(&walk, group->list[n].pid);
}

struct orphan_search {
	const struct orphan_task *task;
	const struct service *service;
	struct orphan_copy *copy;
};

static bool match_socket(void *context, int *fd)
{
	struct orphan_search *search = context;

	if (!is_made_by_superd(*fd, S_IFSOCK) || !is_in_network(search->task, *fd))
		return true;
	for (size_t n = 0; n < search->service->socket_count; n++) {
		int *slot = &search->copy->sockets[n];

		if (*slot >= 0 || !bind_matches(*fd, &search->service->sockets[n]))
			continue;
		*slot = *fd;
		*fd = -1;
		return true;
	}
	return true;
}

static bool refuse_orphan(struct orphan_copy *copy, const char *format, ...) __attribute__((format(printf, 2, 3)));
static bool refuse_orphan(struct orphan_copy *copy, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(copy->why, sizeof(copy->why), format, arguments);
	va_end(arguments);
	return false;
}

static bool match_sockets(const struct orphan_task *task, const struct orphan_group *group,
			  const struct service *service, struct orphan_copy *copy)
{
	struct orphan_search search = { task, service, copy };
	struct buf text = { 0 };
	bool all = true;

	each_socket(group, match_socket, &search);
	for (size_t n = 0; all && n < service->socket_count; n++) {
		const struct listen *listen = &service->sockets[n];

		if (copy->sockets[n] >= 0 || listen->options->optional || listen->endpoint->kind == ENDPOINT_TCPMUX)
			continue;
		endpoint_format(listen->endpoint, &text);
		all = refuse_orphan(copy, "it does not have %s as superd opens it", buf_string(&text));
	}
	buf_free(&text);
	return all;
}

/* Copies a pipe that the process prints to. It lost its reader together with superd, so each line would end the process
 * by SIGPIPE, or fail. */
static void copy_pipe(int pidfd, int number, struct orphan_pipe *pipe)
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

static void copy_pipes(const struct service *service, struct orphan_copy *copy)
{
	for (int number = STDOUT_FILENO; number <= STDERR_FILENO; number++) {
		unsigned kind = plan_stream(service, number)->kind;

		if (kind == STREAM_LOG)
			copy_pipe(copy->pidfd, number, &copy->log);
		else if (kind == STREAM_SYSLOG)
			copy_pipe(copy->pidfd, number, &copy->syslog);
	}
}

static bool copy_orphan(const struct orphan_task *task, const struct orphan_group *group,
			const struct orphan_request *request, struct orphan_copy *copy)
{
	const struct service *service = request->service;
	const struct account *account = service->account;

	if (service->exec->accept)
		return refuse_orphan(copy, "the service has accept = yes by now");
	if (service_is_builtin(service))
		return refuse_orphan(copy, "it is a program of superd's own");
	if (service->socket_count > ORPHAN_SOCKETS)
		return refuse_orphan(copy, "it has more than %d sockets", ORPHAN_SOCKETS);
	if (account && (account->switches || service->groups->identity->user) && !runs_as(copy->pid, account->uid))
		return refuse_orphan(copy, "the service has another user by now");
	copy->pidfd = open_main(request->group, copy->pid);
	if (copy->pidfd < 0)
		return refuse_orphan(copy, "it has ended, or this kernel has no pidfds");
	if (!match_sockets(task, group, service, copy))
		return false;
	copy_pipes(service, copy);
	return true;
}

/* Finds a service whose address the socket has: superd could not bind it, whoever made the socket. A datagram instance
 * with accept = yes has the listener itself, and may finish. */
static bool find_bound_service(void *context, int *fd)
{
	struct orphan_search *search = context;
	const struct table *table = search->task->table;

	if (!is_in_network(search->task, *fd))
		return true;

	for (size_t n = 0; n < table->count; n++) {
		const struct service *service = &table->services[n];

		for (size_t i = 0; !service->exec->disable && i < service->socket_count; i++) {
			const struct listen *listen = &service->sockets[i];

			if ((service->exec->accept && !endpoint_accepts(listen->address)) || !bind_matches(*fd, listen))
				continue;
			search->copy->standing = ORPHAN_BARS;
			search->copy->service_index = (unsigned)n;
			return false;
		}
	}
	return true;
}

static void examine_group(const struct orphan_task *task, size_t n, struct orphan_copy *copy)
{
	const struct orphan_request *request = &task->requests[n];
	struct orphan_search search = { task, NULL, copy };
	struct orphan_group group = { .count = 0 };
	const struct process *main;

	cgroup_each_process(request->group, add_process, &group);
	main = find_main(&group);
	if (!main)
		return;
	copy->pid = main->pid;
	copy->start_time = main->start_time;
	if (request->service && copy_orphan(task, &group, request, copy)) {
		copy->standing = ORPHAN_FITS;
		return;
	}
	if (!request->service)
		refuse_orphan(copy, "its own service is not in the configuration");
	if (request->service && !request->service->exec->accept) {
		copy->standing = ORPHAN_BARS;
		copy->service_index = (unsigned)(request->service - task->table->services);
		return;
	}
	each_socket(&group, find_bound_service, &search);
}

static bool send_copy(int to, struct orphan_copy *copy)
{
	struct orphan_answer answer = { .copy = *copy };
	int fds[COPIES_MOST];
	size_t count = 0;

	for (size_t n = 0; copy->standing == ORPHAN_FITS && n < COPIES_MOST; n++) {
		answer.has[n] = *copy_descriptor(copy, n) >= 0;
		if (answer.has[n])
			fds[count++] = *copy_descriptor(copy, n);
	}
	return fd_message_send(to, &answer, sizeof(answer), fds, count, 0);
}

static void run_examiner(int channel, const void *with)
{
	struct orphan_task task = *(const struct orphan_task *)with;
	int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	task.knows_network = read_network_cookie(probe, &task.network_cookie);
	fd_close(&probe);
	for (size_t n = 0; n < task.count; n++) {
		struct orphan_copy copy = { .standing = ORPHAN_STAYS };

		clear_descriptors(&copy);
		examine_group(&task, n, &copy);
		if (!send_copy(channel, &copy))
			return;
	}
	shutdown(channel, SHUT_WR);
	fd_message_await_taken(channel);
}

static const struct worker_kind examiner = {
	.name = "superd-copy",
	.passes_fds = true,
	.sandbox = { .looks_at_processes = true, .asks_sockets = true },
};

struct worker_process orphan_copy_begin(const struct orphan_request *requests, size_t count, const struct table *table)
{
	const struct orphan_task task = { .requests = requests, .count = count, .table = table };

	return worker_process_start(&examiner, CAPS_TO_LOOK, run_examiner, &task, NULL, 0);
}

static const struct answer_field answer_fields[] = {
	ANSWER_NUMBER(orphan_answer, copy.standing, ORPHAN_STAYS, ORPHAN_FITS),
	ANSWER_NUMBER(orphan_answer, copy.pid, 0, INT32_MAX),
	ANSWER_NUMBER(orphan_answer, copy.start_time, 0, INT64_MAX),
	ANSWER_TEXT(orphan_answer, copy.why),
};
static const struct answer_form answer_form = {
	"superd-copy", sizeof(struct orphan_answer), 0, COPIES_MOST, answer_fields,
	sizeof(answer_fields) / sizeof(*answer_fields),
};

static size_t count_sent(const struct orphan_answer *answer)
{
	size_t count = 0;

	for (size_t n = 0; n < COPIES_MOST; n++)
		count += answer->has[n] != 0;
	return count;
}

/* The pidfd comes first. */
static bool has_plain_descriptors(struct orphan_copy *copy)
{
	char name[DESCRIPTOR_NAME];

	for (size_t n = 1; n < COPIES_MOST; n++) {
		int fd = *copy_descriptor(copy, n);

		if (fd >= 0 && !descriptor_is_plain(fd, name))
			return false;
	}
	return true;
}

/* What the helper cannot have found; NULL: nothing. The descriptors are those that came. */
static const char *find_flaw(struct orphan_copy *copy, const struct orphan_request *request,
			     const struct table *table)
{
	if (copy->start_time > process_now())
		return "copy.start_time";
	if (copy->standing == ORPHAN_BARS && copy->service_index >= table->count)
		return "copy.service_index";
	if (copy->standing != ORPHAN_FITS)
		return NULL;
	if (!request->service || request->service->socket_count > ORPHAN_SOCKETS)
		return "copy.standing";
	if (copy->pid <= 1 || copy->pidfd < 0 || pidfd_pid(copy->pidfd) != copy->pid)
		return "copy.pid";
	return has_plain_descriptors(copy) ? NULL : "descriptors";
}

enum orphan_hearing orphan_copy_hear(const struct worker_process *process, const struct orphan_request *request,
				     const struct table *table, struct orphan_copy *copy)
{
	struct orphan_answer answer;
	const char *flaw = NULL;
	int fds[COPIES_MOST];
	size_t count;
	ssize_t got = worker_process_hear(process, &answer_form, &answer, fds, &count);
	bool good = got > 0 && count_sent(&answer) >= count;

	if (got < 0)
		return ORPHAN_WAITS;
	if (good)
		*copy = answer.copy;
	else
		memset(answer.has, 1, sizeof(answer.has));      /* all that came is to be closed */
	clear_descriptors(copy);
	for (size_t n = 0, next = 0; n < COPIES_MOST && next < count; n++) {
		if (answer.has[n])
			*copy_descriptor(copy, n) = fd_raise(fds[next++], FD_HIGH);
	}
	if (good && count_sent(&answer) > count && request->service) {  /* superd had no room for some */
		copy->standing = ORPHAN_BARS;
		copy->service_index = (unsigned)(request->service - table->services);
		snprintf(copy->why, sizeof(copy->why), "superd is out of descriptors");
	}
	if (got > 0)
		flaw = good ? find_flaw(copy, request, table) : "has";
	if (flaw)
		worker_process_refuse(process, &answer_form, flaw);
	return got > 0 && !flaw ? ORPHAN_HEARD : ORPHAN_OVER;
}
