/* The process and its channel: a request carries the socket's descriptor, and the next one waits for its answer. */
#include "superd/worker/restore_async.h"

#include <errno.h>

#include "worker/record/request.h"

static bool start_process(struct worker_process *process)
{
	*process = worker_process_start(WORKER_RESTORE, 0);
	return process->channel >= 0;
}

bool restore_async_ask(struct worker_process *process, const struct restore_task *task)
{
	struct restore_task written = *task;
	struct record record = { 0 };

	if (process->channel < 0 && !start_process(process))
		return false;
	restore_task_record(&record, &written);
	return worker_process_ask(process, &record, &task->fd, 1);
}

bool restore_async_hear(struct worker_process *process, bool asked, int *error)
{
	static const struct answer_field fields[] = { ANSWER_ERROR(restore_answer, error) };
	static const struct answer_form form = ANSWER_FORM("superd-restore", struct restore_answer, fields);
	struct restore_answer answer;
	ssize_t got = worker_process_hear(process, &form, &answer, NULL, NULL);

	if (got > 0 && !asked) {
		worker_process_refuse(process, &form, "unasked");
		got = 0;
	}
	errno = got < 0 ? EAGAIN : EPIPE;
	*error = got > 0 ? answer.error : 0;
	return got > 0;
}
