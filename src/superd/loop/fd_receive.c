/* Watches one process that receives descriptors for superd. It answers before it does anything that may hang, and
 * nothing waits for its end. */
#include "superd/loop/fd_receive.h"

#include <errno.h>
#include <signal.h>

#include "lib/fd.h"
#include "lib/list.h"
#include "superd/loop/close_socket.h"

#define ANSWER_SECONDS 5.               /* seconds for an answer that nothing but the machine's load can delay */

static void close_report(struct fd_receive *receive)
{
	int fd = receive->report.fd;

	ev_io_stop(receive->engine->loop, &receive->report);
	ev_timer_stop(receive->engine->loop, &receive->limit);
	fd_close(&fd);
	ev_io_set(&receive->report, -1, EV_READ);
}

static void report_answer(struct fd_receive *receive, struct received *received)
{
	close_report(receive);
	if (!receive->forgotten)
		receive->received(receive, received);
}

static void read_answer(struct fd_receive *receive)
{
	struct received received;
	enum receive_state state = receive_async_hear(&receive->process, &received);

	if (state != RECEIVE_WAITS)
		report_answer(receive, state == RECEIVE_DONE ? &received : NULL);
	for (size_t n = 0; n < received.count; n++)
		close_socket_fd(receive->engine, receive->service, &received.fds[n]);
}

static void on_answer(struct ev_loop *loop, ev_io *io, int events)
{
	(void)loop, (void)events;
	read_answer(container_of(io, struct fd_receive, report));
}

static void on_limit(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct fd_receive *receive = container_of(timer, struct fd_receive, limit);

	(void)loop, (void)events;
	kill(receive->child.pid, SIGKILL);
	report_answer(receive, NULL);
}

/* Its end may be heard of before its answer. */
static void on_ended(struct child *child, int status)
{
	struct fd_receive *receive = container_of(child, struct fd_receive, child);

	(void)status;
	list_remove(&receive->link);
	child->pid = 0;
	if (receive->report.fd >= 0)
		read_answer(receive);
	if (receive->report.fd >= 0)
		report_answer(receive, NULL);
	receive->ended(receive);
}

bool fd_receive_start(struct fd_receive *receive, struct engine *engine, int socket, enum receive_purpose purpose)
{
	struct worker_process process = receive_async(socket, purpose);

	if (process.channel < 0)
		return false;
	receive->child = (struct child){ .pid = process.pid, .ended = on_ended };
	child_table_add(&engine->children, &receive->child);
	receive->process = process;
	receive->engine = engine;
	list_add(&engine->receptions, &receive->link);
	receive->forgotten = false;
	ev_io_init(&receive->report, on_answer, process.channel, EV_READ);
	ev_set_priority(&receive->report, EV_MAXPRI);
	ev_io_start(engine->loop, &receive->report);
	ev_timer_init(&receive->limit, on_limit, ANSWER_SECONDS, 0.);
	ev_timer_start(engine->loop, &receive->limit);
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
		close_report(receive);
		receive->ended(receive);
	}
}
