/* Watches one process that receives descriptors for superd. It answers before it does anything that may hang, and
 * nothing waits for its end. */
#include "superd/loop/fd_receive.h"


#include "lib/list.h"
#include "superd/loop/close_socket.h"

#define ANSWER_SECONDS 5.               /* seconds for an answer that nothing but the machine's load can delay */

static void report_answer(struct fd_receive *receive, struct received *received)
{
	worker_wait_end(&receive->worker);
	if (!receive->forgotten)
		receive->received(receive, received);
}

static void read_answer(struct fd_receive *receive)
{
	struct received received;
	enum receive_state state = receive_async_hear(&receive->worker.process, &received);

	if (state != RECEIVE_WAITS)
		report_answer(receive, state == RECEIVE_DONE ? &received : NULL);
	for (size_t n = 0; n < received.count; n++)
		close_socket_fd(receive->engine, receive->service, &received.fds[n]);
}

static void on_answer(struct worker_wait *worker, bool late)
{
	struct fd_receive *receive = container_of(worker, struct fd_receive, worker);

	if (late)
		report_answer(receive, NULL);
	else
		read_answer(receive);
}

/* Its end may be heard of before its answer. */
static void on_ended(struct child *child, int status)
{
	struct fd_receive *receive = container_of(child, struct fd_receive, child);

	(void)status;
	list_remove(&receive->link);
	child->pid = 0;
	if (receive->worker.process.channel >= 0)
		read_answer(receive);
	if (receive->worker.process.channel >= 0)
		report_answer(receive, NULL);
	receive->ended(receive);
}

bool fd_receive_start(struct fd_receive *receive, struct engine *engine, int socket, enum receive_purpose purpose)
{
	worker_wait_init(&receive->worker, engine, on_answer);
	ev_set_priority(&receive->worker.watch.io, EV_MAXPRI);
	if (!worker_wait_begin(&receive->worker, receive_async(socket, purpose), receive->service, ANSWER_SECONDS))
		return false;
	receive->child = (struct child){ .pid = receive->worker.process.pid, .ended = on_ended };
	child_table_add(&engine->children, &receive->child);
	receive->engine = engine;
	list_add(&engine->receptions, &receive->link);
	receive->forgotten = false;
	return true;
}

void fd_receive_forget(struct fd_receive *receive)
{
	receive->forgotten = true;
}

void fd_receive_end_all(struct engine *engine)
{
	LIST_EACH(link, &engine->receptions) {
		struct fd_receive *receive = container_of(link, struct fd_receive, link);

		list_remove(link);
		child_table_remove(&engine->children, &receive->child);
		worker_wait_end(&receive->worker);
		receive->ended(receive);
	}
}
