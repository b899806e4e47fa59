/* The process and its channel, a SOCK_SEQPACKET pair: a request carries the socket's descriptor; answers come in the
 * order of the requests. */
#include "exec/worker/restore_async.h"

#include <errno.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/fd_message.h"
#include "exec/spawn/worker_process.h"
#include "os/netdiag/foreign_socket.h"
#include "os/rights/required_caps.h"
#include "os/socket/bind.h"
#include "os/socket/scm_rights.h"

struct restore_request {
	uint64_t number;
	const struct listen *listen;    /* address valid in both processes */
};

struct restore_answer {
	uint64_t number;
	int error;
};

void restore_async_init(struct restore_async *async)
{
	*async = (struct restore_async){ .channel = -1 };
}

/* ---- the process's own part ---- */

static bool receive_request(int from, struct restore_request *request, int *fd)
{
	size_t count = 1;

	return fd_message_receive(from, request, sizeof(*request), fd, &count, 0) == (ssize_t)sizeof(*request) &&
	       count;
}

static void run_restorer(const void *with)
{
	int channel = *(const int *)with, fd = -1;
	struct restore_request request;

	while (receive_request(channel, &request, &fd)) {
		struct restore_answer answer = { .number = request.number };

		foreign_socket_mark(fd, false);         /* superd's own marks are of other descriptors */
		if (bind_restore(fd, request.listen) < 0)
			answer.error = errno ? errno : EINVAL;
		if (send(channel, &answer, sizeof(answer), MSG_NOSIGNAL) < 0)
			return;
		close(fd);
	}
}

/* ---- superd's ---- */

static bool start_process(struct restore_async *async)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return false;
	scm_rights_allow(ends[0], false);
	async->pid = spawn_worker("superd-restore", CAPS_TO_SET_OPTIONS, run_restorer, &ends[1], &ends[1], 1);
	fd_close(&ends[1]);
	if (async->pid < 0) {
		fd_close(&ends[0]);
		return false;
	}
	async->serial = spawn_worker_serial(async->pid);
	async->channel = fd_raise(ends[0], FD_HIGH);
	return true;
}

bool restore_async_ask(struct restore_async *async, int fd, const struct listen *listen, uint64_t number)
{
	const struct restore_request request = { number, listen };

	return (async->channel >= 0 || start_process(async)) &&
	       fd_message_send(async->channel, &request, sizeof(request), &fd, 1, MSG_DONTWAIT);
}

bool restore_async_hear(struct restore_async *async, uint64_t *number, int *error)
{
	struct restore_answer answer;
	ssize_t got;

	do
		got = recv(async->channel, &answer, sizeof(answer), MSG_DONTWAIT);
	while (got < 0 && errno == EINTR);
	if (got != (ssize_t)sizeof(answer)) {
		if (got >= 0)
			errno = EPIPE;
		return false;
	}
	*number = answer.number;
	*error = answer.error;
	return true;
}

void restore_async_end(struct restore_async *async)
{
	if (async->channel < 0)
		return;
	if (spawn_worker_serial(async->pid) == async->serial)
		kill(async->pid, SIGKILL);
	fd_close(&async->channel);
	restore_async_init(async);
}
