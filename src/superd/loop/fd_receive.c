/* Waits for the answer of the process that receives descriptors for superd. It answers before it does anything that may
 * hang, and nothing waits for its end. */
#include "superd/loop/fd_receive.h"

#include "lib/hash.h"
#include "superd/loop/close_socket.h"

#define ANSWER_SECONDS 5.               /* seconds for an answer that nothing but the machine's load can delay */

static void on_answer(struct worker_wait *worker, bool late)
{
	struct fd_receive *receive = container_of(worker, struct fd_receive, worker);
	struct received received = { .count = 0 };
	enum receive_state state = late ? RECEIVE_FAILED : receive_async_hear(&worker->process, &received);

	if (state == RECEIVE_WAITS)
		return;
	worker_wait_end(worker);
	if (state == RECEIVE_FAILED)
		fd_receive_drop(worker->limit.engine, receive->service, &received);
	receive->received(receive, state == RECEIVE_DONE ? &received : NULL);
}

static uint64_t owner_of(const char *service)
{
	return hash_add(worker_owner(service), WORKER_RECEIVE);
}

bool fd_receive_hangs(const char *service)
{
	return worker_owner_hangs(owner_of(service));
}

bool fd_receive_start(struct fd_receive *receive, struct engine *engine, int socket, enum receive_purpose purpose)
{
	uint64_t owner = receive->service ? owner_of(receive->service) : 0;

	worker_wait_init(&receive->worker, engine, on_answer);
	ev_set_priority(&receive->worker.watch.io, EV_MAXPRI);
	return worker_wait_begin(&receive->worker, receive_async(socket, purpose, owner), receive->service,
				 ANSWER_SECONDS);
}

void fd_receive_drop(struct engine *engine, const char *service, struct received *received)
{
	for (size_t n = 0; n < received->count; n++)
		close_socket_fd(engine, service, &received->fds[n]);
	received->count = 0;
}

void fd_receive_end(struct fd_receive *receive)
{
	worker_wait_end(&receive->worker);
}
