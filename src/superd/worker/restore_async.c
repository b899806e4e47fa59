/* The process and its channel, a SOCK_SEQPACKET pair: a request carries the socket's descriptor; answers come in the
 * order of the requests. */
#include "superd/worker/restore_async.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/fd_message.h"
#include "os/netdiag/foreign_socket.h"
#include "superd/spawn/worker_process.h"

struct restore_request {
	uint64_t number;
	struct restore_task task; /* the address in it is valid in both processes, the descriptor in superd alone */
};

struct restore_answer {
	uint64_t number;
	int error;
};

/* ---- the process's own part ---- */

static bool receive_request(int from, struct restore_request *request, int *fd)
{
	size_t count = 1;

	return fd_message_receive(from, request, sizeof(*request), fd, &count, 0) == (ssize_t)sizeof(*request) &&
	       count;
}

static void run_restorer(int channel, const void *with)
{
	struct restore_request request;
	int fd = -1;

	(void)with;
	while (receive_request(channel, &request, &fd)) {
		struct restore_answer answer = { .number = request.number };

		foreign_socket_unmark(fd);         /* superd's own marks are of other descriptors */
		request.task.fd = fd;
		if (bind_restore(&request.task) < 0)
			answer.error = errno ? errno : EINVAL;
		close(fd);                      /* who has the answer may bind the address anew */
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

bool restore_async_ask(struct worker_process *process, const struct restore_task *task, uint64_t number)
{
	const struct restore_request request = { number, *task };

	return (process->channel >= 0 || start_process(process)) &&
	       fd_message_send(process->channel, &request, sizeof(request), &task->fd, 1, MSG_DONTWAIT);
}

bool restore_async_hear(struct worker_process *process, uint64_t number, int *error)
{
	static const struct answer_field fields[] = { ANSWER_ERROR(restore_answer, error) };
	static const struct answer_form form = ANSWER_FORM("superd-restore", struct restore_answer, fields);
	struct restore_answer answer;
	ssize_t got = worker_process_hear(process, &form, &answer, NULL, NULL);

	if (got > 0 && answer.number != number) {
		worker_process_refuse(process, &form, "number");
		got = 0;
	}
	errno = got < 0 ? EAGAIN : EPIPE;
	*error = got > 0 ? answer.error : 0;
	return got > 0;
}
