/* Receives descriptors that a service sent, and passes on those that are safe to keep (os/socket/plain_descriptor).
 * superd looks at each again.
 *
 * The process keeps its own references until superd confirms the ones it got. So superd never closes the last reference
 * to a descriptor that it did not accept. */
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/fd_message.h"
#include "os/proc/pidfd.h"
#include "os/socket/plain_descriptor.h"
#include "worker/work.h"

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

void work_receive(int channel)
{
	struct receive_answer answer = { .process = -1 };
	struct receive_request request = { 0 };
	struct record record;
	int fds[RECEIVED_MOST], socket;
	size_t count = 1, given = 0;
	char byte;                              /* superd has seen the text already */

	if (!request_receive(channel, &record, &socket, &count) || !count)
		return;
	receive_request_record(&record, &request);
	count = RECEIVED_MOST;
	if (!record_is_read(&record) || fd_message_receive(socket, &byte, 1, fds, &count, MSG_DONTWAIT) < 0)
		return;
	close(socket);
	if (request.purpose == RECEIVE_STORED)
		given = move_kept_to_front(fds, count, &answer);
	else if (request.purpose == RECEIVE_PROCESS && count == 1 && descriptor_is_pidfd(fds[0]))
		answer.process = pidfd_pid(fds[0]);
	if (!fd_message_send(channel, &answer, sizeof(answer), fds, given, 0)) {
		snprintf(answer.kind, sizeof(answer.kind), "too many that are under way");
		answer.refused += (unsigned)given;
		fd_message_send(channel, &answer, sizeof(answer), NULL, 0, 0);
	}
	if (given)
		fd_message_await_taken(channel);
}
