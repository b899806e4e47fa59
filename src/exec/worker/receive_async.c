/* Receives descriptors that a service sent, in a helper process, and passes on those that are safe to keep.
 *
 * The kind of a descriptor is found without a call to its file system, which may block. Only the kernel writes the link
 * in /proc/self/fd, and only a path begins with a slash. Without /proc, superd accepts only what it can identify by
 * calls that reach no file system.
 *
 * The process keeps its own references until superd confirms the ones it got. So superd never closes the last reference
 * to a descriptor that it did not accept. */
#include "exec/worker/receive_async.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#ifdef HAVE_SYS_SYSCALL_H
#include <sys/syscall.h>
#endif

#include "base/fd_message.h"
#include "os/proc/pidfd.h"
#include "os/socket/plain_socket.h"


struct receive_task {
	int socket;
	enum receive_purpose purpose;
};

struct receive_answer {
	pid_t process;
	unsigned refused;
	char kind[RECEIVED_KIND];
};

static bool is_socket_fd(int fd)
{
	int type;
	socklen_t size = sizeof(type);

	return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0;
}

static bool has_seals(int fd)
{
#ifdef F_GET_SEALS
	return fcntl(fd, F_GET_SEALS) >= 0;
#else
	(void)fd;
	return false;
#endif
}

static bool is_pidfd(int fd)
{
#ifdef SYS_pidfd_send_signal
	return syscall(SYS_pidfd_send_signal, fd, 0, NULL, 0) == 0 || errno == EPERM || errno == ESRCH;
#else
	(void)fd;
	return false;
#endif
}

/* Reads the kernel's name of the open file; "" without /proc. A user can choose only a name that begins with /. */
static void read_link(int fd, char text[256])
{
	char path[64];
	ssize_t length;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	length = readlink(path, text, 255);
	text[length > 0 ? length : 0] = '\0';
}

static bool is_kept_kind(int fd, const char *link)
{
	static const char *const kinds[] = {
		"anon_inode:[eventfd]", "anon_inode:[timerfd]", "anon_inode:[pidfd]", "anon_inode:[pidfs]",
	};

	if (is_socket_fd(fd))
		return socket_is_plain(fd);     /* other sockets may block when they are closed, such as AF_PACKET */
	if (!*link)
		return is_pidfd(fd);
	if (!strncmp(link, "pipe:[", 6))
		return true;
	if (!strncmp(link, "/memfd:", 7))
		return has_seals(fd);   /* a file's path may look like this, but only a memfd has seals */
	for (size_t n = 0; n < sizeof(kinds) / sizeof(*kinds); n++) {
		if (!strcmp(link, kinds[n]))
			return true;
	}
	return false;
}

static void note_refused(struct receive_answer *answer, const char *link)
{
	if (answer->refused++)
		return;
	if (*link == '/')
		link = "a file";
	else if (!*link)
		link = "a kind that is unknown without /proc";
	snprintf(answer->kind, sizeof(answer->kind), "%.39s", link);
}

/* Moves the descriptors that may be passed on to the front, and returns their number. */
static size_t move_kept_to_front(int *fds, size_t count, struct receive_answer *answer)
{
	size_t kept = 0;
	char link[256];

	for (size_t n = 0; n < count; n++) {
		int fd = fds[n];

		read_link(fd, link);
		if (is_kept_kind(fd, link)) {
			fds[n] = fds[kept];
			fds[kept++] = fd;
		} else {
			note_refused(answer, link);
		}
	}
	return kept;
}

static const struct worker_kind receiver = {
	.name = "superd-receive",
	.passes_fds = true,
	.sandbox = { .reads_proc = true },
};

static void run_receiver(int channel, const void *with)
{
	const struct receive_task *task = with;
	struct receive_answer answer = { .process = -1 };
	int fds[RECEIVED_MOST];
	size_t count = RECEIVED_MOST, given = 0;
	char byte;                              /* superd has seen the text already */

	if (fd_message_receive(task->socket, &byte, 1, fds, &count, MSG_DONTWAIT) < 0)
		return;
	close(task->socket);
	if (task->purpose == RECEIVE_STORED)
		given = move_kept_to_front(fds, count, &answer);
	else if (task->purpose == RECEIVE_PROCESS && count == 1 && is_pidfd(fds[0]))
		answer.process = pidfd_pid(fds[0]);
	if (!fd_message_send(channel, &answer, sizeof(answer), fds, given, 0)) {
		snprintf(answer.kind, sizeof(answer.kind), "too many that are under way");
		answer.refused += (unsigned)given;
		fd_message_send(channel, &answer, sizeof(answer), NULL, 0, 0);
	}
	if (given)
		fd_message_await_taken(channel);
}

struct worker_process receive_async(int socket, enum receive_purpose purpose)
{
	const struct receive_task task = { .socket = socket, .purpose = purpose };

	return worker_process_start(&receiver, 0, run_receiver, &task, &socket, 1);
}

enum receive_state receive_async_hear(const struct worker_process *process, struct received *received)
{
	static const struct answer_field fields[] = {
		ANSWER_NUMBER(receive_answer, process, -1, INT32_MAX),
		ANSWER_NUMBER(receive_answer, refused, 0, RECEIVED_MOST),
		ANSWER_TEXT(receive_answer, kind),
	};
	static const struct answer_form form = {
		"superd-receive", sizeof(struct receive_answer), 0, RECEIVED_MOST, fields,
		sizeof(fields) / sizeof(*fields),
	};
	struct receive_answer answer;
	ssize_t got;

	*received = (struct received){ .process = -1 };
	got = worker_process_hear(process, &form, &answer, received->fds, &received->count);
	if (got <= 0)
		return got < 0 ? RECEIVE_WAITS : RECEIVE_FAILED;
	received->process = answer.process;
	received->refused = answer.refused;
	memcpy(received->kind, answer.kind, sizeof(received->kind));
	(void)send(process->channel, "", 1, MSG_DONTWAIT | MSG_NOSIGNAL); /* confirms: it may drop its references */
	return RECEIVE_DONE;
}
