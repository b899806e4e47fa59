/* The process and its channel, a SOCK_SEQPACKET pair with one message. A process that hangs in the kernel survives
 * SIGKILL, so that there is never a second one for the same caller. */
#include "exec/worker/client_count.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/fd.h"
#include "exec/spawn/spawn.h"

struct count_task {
	int to;
	const struct conn_count *conns;
	size_t count;
};

static void sum_up(const struct conn_count *conns, size_t count, struct client_count_answer *answer)
{
	*answer = (struct client_count_answer){ .known = true, .moved = UINT32_MAX };
	for (size_t n = 0; n < count; n++) {
		answer->known = answer->known && (conns[n].known || conns[n].kind == CONN_NONE);
		answer->count += conns[n].count;
		answer->quiet += conns[n].quiet;
		if (conns[n].moved < answer->moved)
			answer->moved = conns[n].moved;
	}
}

static void run_counter(const void *with)
{
	const struct count_task *task = with;
	struct conn_count *conns = malloc((task->count + 1) * sizeof(*conns));
	struct client_count_answer answer;

	if (!conns)
		return;
	memcpy(conns, task->conns, task->count * sizeof(*conns));
	conn_counts_run(conns, task->count);
	sum_up(conns, task->count, &answer);
	(void)send(task->to, &answer, sizeof(answer), MSG_NOSIGNAL);
}

void client_count_init(struct client_count *helper)
{
	*helper = (struct client_count){ .channel = -1 };
}

bool client_count_begin(struct client_count *helper, const struct conn_count *conns, size_t count)
{
	struct count_task task = { .conns = conns, .count = count };
	int ends[2];

	if (helper->serial && spawn_worker_serial(helper->pid) == helper->serial)
		return false;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) < 0)
		return false;
	task.to = ends[1];
	helper->pid = spawn_worker("superd-count", 0, run_counter, &task, &ends[1], 1);
	fd_close(&ends[1]);
	if (helper->pid < 0) {
		fd_close(&ends[0]);
		return false;
	}
	helper->serial = spawn_worker_serial(helper->pid);
	helper->channel = fd_raise(ends[0], FD_HIGH);
	return true;
}

void client_count_hear(struct client_count *helper, struct client_count_answer *answer)
{
	if (recv(helper->channel, answer, sizeof(*answer), MSG_DONTWAIT) != (ssize_t)sizeof(*answer))
		*answer = (struct client_count_answer){ 0 };
	client_count_end(helper);
}

void client_count_end(struct client_count *helper)
{
	if (helper->channel < 0)
		return;
	if (spawn_worker_serial(helper->pid) == helper->serial)
		kill(helper->pid, SIGKILL);
	fd_close(&helper->channel);
}
