/* What the process passes on, superd looks at again, and confirms: then the process may drop its own references. */
#include "superd/process/receive_async.h"

#include <string.h>
#include <sys/socket.h>

#include "os/socket/plain_descriptor.h"

struct worker_process receive_async(int socket, enum receive_purpose purpose, uint64_t owner)
{
	struct receive_request request = { .purpose = purpose };
	struct record record = { 0 };

	receive_request_record(&record, &request);
	return worker_process_begin(WORKER_RECEIVE, owner, &record, &socket, 1);
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
	struct receive_answer answer = { 0 };
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
