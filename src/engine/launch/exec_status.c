/* The report of a start apart. The pipe also closes if the process is killed during its start: superd takes that as
 * if the program ran, and its end follows at once. */
#include "engine/launch/exec_status.h"

#include <errno.h>
#include <unistd.h>

#include "base/fd.h"

void exec_status_forget(struct exec_status *apart)
{
	if (apart->io.fd < 0)
		return;
	ev_io_stop(apart->loop, &apart->io);
	fd_close(&apart->io.fd);
}

static void hear(struct exec_status *apart, bool has_ended)
{
	struct fault fault;
	ssize_t got;

	do
		got = read(apart->io.fd, &fault, sizeof(fault));
	while (got < 0 && errno == EINTR);
	if (got < 0 && errno == EAGAIN && !has_ended)
		return;
	exec_status_forget(apart);
	apart->told(apart, got == (ssize_t)sizeof(fault) ? &fault : NULL);
}

static void on_report(struct ev_loop *loop, ev_io *io, int events)
{
	(void)loop, (void)events;
	hear(io->data, false);
}

void exec_status_init(struct exec_status *apart, struct ev_loop *loop,
		      void (*told)(struct exec_status *apart, const struct fault *fault))
{
	apart->loop = loop;
	apart->told = told;
	ev_init(&apart->io, on_report);
	apart->io.fd = -1;
	apart->io.data = apart;
}

void exec_status_watch(struct exec_status *apart, int report)
{
	ev_io_set(&apart->io, report, EV_READ);
	ev_io_start(apart->loop, &apart->io);
}

void exec_status_settle(struct exec_status *apart, bool has_ended)
{
	if (exec_status_is_under_way(apart))
		hear(apart, has_ended);
}
