/* The process and its channel: a request carries the socket's descriptor, and the next one waits for its answer. */
#include "superd/process/restore_async.h"

#include <errno.h>

#include "lib/fd.h"
#include "os/socket/bind.h"

bool restore_async_write(struct buf *request, const struct restore_task *task)
{
	struct restore_task written = *task;
	struct record record = { 0 };

	restore_task_record(&record, &written);
	*request = record.out;
	return !request->failed;
}

bool restore_async_ask(struct worker_process *process, enum worker_kind kind, const struct buf *request, int fd)
{
	struct record copy = { 0 };

	if (process->channel < 0)
		*process = worker_process_start(kind, 0);
	if (process->channel < 0)
		return false;
	buf_add(&copy.out, request->data, request->length);
	return worker_process_ask(process, &copy, &fd, 1);
}

bool restore_async_hear(struct worker_process *process, bool asked, struct restore_answer *answer, int *client)
{
	static const struct answer_field fields[] = {
		ANSWER_ERROR(restore_answer, error),
		ANSWER_TEXT(restore_answer, lines),
	};
	static const struct answer_form form = {
		"superd-restore", sizeof(struct restore_answer), 0, 1, fields, sizeof(fields) / sizeof(*fields),
	};
	size_t count = 0;
	ssize_t got = worker_process_hear(process, &form, answer, client, &count);

	if (!count)
		*client = -1;
	if (got > 0 && !asked) {
		worker_process_refuse(process, &form, "unasked");
		got = 0;
	}
	if (got <= 0)
		fd_close(client);
	errno = got < 0 ? EAGAIN : EPIPE;
	return got > 0;
}
