/* Watches one process that receives descriptors for superd. It answers before it does anything that may hang, and
 * nothing waits for its end. */
#include "engine/core/fd_receive.h"

#include <errno.h>
#include <signal.h>

#include "base/fd.h"
#include "base/list.h"
#include "engine/core/close_socket.h"

#define PATIENCE 5.                     /* seconds for an answer that nothing but the machine's load can delay */

static void close_report(struct fd_receive *reception)
{
	int fd = reception->report.fd;

	ev_io_stop(reception->engine->loop, &reception->report);
	ev_timer_stop(reception->engine->loop, &reception->limit);
	fd_close(&fd);
	ev_io_set(&reception->report, -1, EV_READ);
}

static void conclude(struct fd_receive *reception, struct received *received)
{
	close_report(reception);
	if (!reception->forgotten)
		reception->received(reception, received);
	for (size_t n = 0; received && n < received->count; n++)
		close_socket_fd(reception->engine, reception->service, &received->fds[n]);
}

static void hear(struct fd_receive *reception)
{
	struct received received;

	switch (receive_async_hear(reception->report.fd, &received)) {
	case RECEIVE_DONE:
		conclude(reception, &received);
		break;
	case RECEIVE_FAILED:
		conclude(reception, NULL);
		break;
	case RECEIVE_WAITS:
		break;
	}
}

static void on_answer(struct ev_loop *loop, ev_io *io, int events)
{
	(void)loop, (void)events;
	hear(container_of(io, struct fd_receive, report));
}

static void on_limit(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct fd_receive *reception = container_of(timer, struct fd_receive, limit);

	(void)loop, (void)events;
	kill(reception->child.pid, SIGKILL);
	conclude(reception, NULL);
}

/* Its end may be heard of before its answer. */
static void on_ended(struct child *child, int status)
{
	struct fd_receive *reception = container_of(child, struct fd_receive, child);

	(void)status;
	list_remove(&reception->link);
	child->pid = 0;
	if (reception->report.fd >= 0)
		hear(reception);
	if (reception->report.fd >= 0)
		conclude(reception, NULL);
	reception->ended(reception);
}

bool fd_receive_start(struct fd_receive *reception, struct engine *engine, int socket, enum receive_purpose purpose)
{
	int report = -1;
	pid_t pid = receive_async(socket, purpose, &report);

	if (pid < 0)
		return false;
	reception->child = (struct child){ .pid = pid, .ended = on_ended };
	if (!child_table_add(&engine->children, &reception->child)) {
		kill(pid, SIGKILL);     /* reaped as a stranger; the message may be lost */
		fd_close(&report);
		errno = ENOMEM;
		return false;
	}
	reception->engine = engine;
	list_add(&engine->receptions, &reception->link);
	reception->forgotten = false;
	ev_io_init(&reception->report, on_answer, report, EV_READ);
	ev_set_priority(&reception->report, EV_MAXPRI);
	ev_io_start(engine->loop, &reception->report);
	ev_timer_init(&reception->limit, on_limit, PATIENCE, 0.);
	ev_timer_start(engine->loop, &reception->limit);
	return true;
}

void fd_receive_forget(struct fd_receive *reception)
{
	reception->forgotten = true;
}

void fd_receive_end_all(struct engine *engine)
{
	LIST_EACH(link, &engine->receptions) {
		struct fd_receive *reception = container_of(link, struct fd_receive, link);

		list_remove(link);
		child_table_remove(&engine->children, &reception->child);
		close_report(reception);
		reception->ended(reception);
	}
}
