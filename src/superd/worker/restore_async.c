/* The process and its channel, a SOCK_SEQPACKET pair: a request carries the socket's descriptor, and the next one
 * waits for its answer. */
#include "superd/worker/restore_async.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/fd_message.h"
#include "os/netdiag/foreign_socket.h"
#include "superd/spawn/worker_process.h"

struct restore_answer {
	int error;
};

/* ---- the process's own part ---- */

/* The address in it is valid in both processes, the descriptor in superd alone. */
static bool receive_task(int from, struct restore_task *task)
{
	size_t count = 1;
	int fd;

	if (fd_message_receive(from, task, sizeof(*task), &fd, &count, 0) != (ssize_t)sizeof(*task) || !count)
		return false;
	task->fd = fd;
	return true;
}

static void run_restorer(int channel, const void *with)
{
	struct restore_task task;

	(void)with;
	while (receive_task(channel, &task)) {
		struct restore_answer answer = { 0 };

		foreign_socket_unmark(task.fd); /* superd's own marks are of other descriptors */
		if (bind_restore(&task) < 0)
			answer.error = errno ? errno : EINVAL;
		close(task.fd);                 /* who has the answer may bind the address anew */
		if (send(channel, &answer, sizeof(answer), MSG_NOSIGNAL) < 0)
			return;
	}
}

/* ---- superd's ---- */

static bool start_process(struct worker_process *process)
{
	*process = worker_process_start(&(struct worker_start){ .kind = WORKER_RESTORE }, run_restorer, NULL);
	return process->channel >= 0;
}

bool restore_async_ask(struct worker_process *process, const struct restore_task *task)
{
	return (process->channel >= 0 || start_process(process)) &&
	       fd_message_send(process->channel, task, sizeof(*task), &task->fd, 1, MSG_DONTWAIT);
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
