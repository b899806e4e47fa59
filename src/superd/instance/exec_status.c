/* The report of an asynchronous start. The pipe also closes if the process is killed during its start: superd then
 * assumes that the program runs, and learns of its end at once. */
#include "superd/instance/exec_status.h"

#include <errno.h>
#include <unistd.h>

#include "lib/fd.h"

void exec_status_forget(struct exec_status *status)
{
	if (status->io.fd < 0)
		return;
	ev_io_stop(status->loop, &status->io);
	fd_close(&status->io.fd);
}

static void read_report(struct exec_status *status, bool has_ended)
{
	struct fault fault;
	ssize_t got;

	do
		got = read(status->io.fd, &fault, sizeof(fault));
	while (got < 0 && errno == EINTR);
	if (got < 0 && errno == EAGAIN && !has_ended)
		return;
	if (got == (ssize_t)sizeof(fault) && (unsigned)fault.stage >= STAGES)
		fault.stage = STAGE_FORK;       /* the child may have been taken over behind the change of its user */
	exec_status_forget(status);
	status->told(status, got == (ssize_t)sizeof(fault) ? &fault : NULL);
}

static void on_report(struct ev_loop *loop, ev_io *io, int events)
{
	(void)loop, (void)events;
	read_report(io->data, false);
}

void exec_status_init(struct exec_status *status, struct ev_loop *loop,
		      void (*told)(struct exec_status *status, const struct fault *fault))
{
	status->loop = loop;
	status->told = told;
	ev_init(&status->io, on_report);
	status->io.fd = -1;
	status->io.data = status;
}

void exec_status_watch(struct exec_status *status, int report)
{
	ev_io_set(&status->io, report, EV_READ);
	ev_io_start(status->loop, &status->io);
}

void exec_status_settle(struct exec_status *status, bool has_ended)
{
	if (exec_status_is_under_way(status))
		read_report(status, has_ended);
}
