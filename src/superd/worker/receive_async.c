/* Receives descriptors that a service sent, in a helper process, and passes on those that are safe to keep
 * (os/socket/plain_descriptor). superd looks at each again.
 *
 * The process keeps its own references until superd confirms the ones it got. So superd never closes the last reference
 * to a descriptor that it did not accept. */
#include "superd/worker/receive_async.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/fd_message.h"
#include "os/proc/pidfd.h"
#include "os/socket/plain_descriptor.h"

struct receive_task {
	int socket;
	enum receive_purpose purpose;
};

struct receive_answer {
	pid_t process;
	unsigned refused;
	char kind[RECEIVED_KIND];
};

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
	char link[DESCRIPTOR_NAME];

	for (size_t n = 0; n < count; n++) {
		int fd = fds[n];

		if (descriptor_is_plain(fd, link)) {
			fds[n] = fds[kept];
			fds[kept++] = fd;
		} else {
			note_refused(answer, link);
		}
	}
	return kept;
}

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
	else if (task->purpose == RECEIVE_PROCESS && count == 1 && descriptor_is_pidfd(fds[0]))
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

	const struct worker_start start = { .kind = WORKER_RECEIVE, .kept = &socket, .count = 1 };

	return worker_process_start(&start, run_receiver, &task);
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
	char name[DESCRIPTOR_NAME];
	ssize_t got;

	*received = (struct received){ .process = -1 };
	got = worker_process_hear(process, &form, &answer, received->fds, &received->count);
	if (got <= 0)
		return got < 0 ? RECEIVE_WAITS : RECEIVE_FAILED;
	for (size_t n = 0; n < received->count; n++) {
		if (descriptor_is_plain(received->fds[n], name))
			continue;
		worker_process_refuse(process, &form, "descriptors");
		return RECEIVE_FAILED;
	}
	received->process = answer.process;
	received->refused = answer.refused;
	memcpy(received->kind, answer.kind, sizeof(received->kind));
	(void)send(process->channel, "", 1, MSG_DONTWAIT | MSG_NOSIGNAL); /* confirms: it may drop its references */
	return RECEIVE_DONE;
}
