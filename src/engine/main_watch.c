/* Hearing of the end of a stranger. The hard thing is that its status is its parent's alone: here it is unknown, and
 * taken for a good one. */
#include "engine/main_watch.h"

#include <stdlib.h>
#include <sys/wait.h>

#include "base/fd.h"

struct main_watch {
	ev_io io;
	struct instance *instance;
};

bool main_watch_is_needed(pid_t pid)
{
	siginfo_t info = { 0 };

	return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0;
}

/* One that has become our child meanwhile is reaped as any other. */
static void on_gone(struct ev_loop *loop, ev_io *io, int events)
{
	struct main_watch *watch = container_of(io, struct main_watch, io);
	struct instance *instance = watch->instance;

	(void)events;
	ev_io_stop(loop, io);
	if (instance->child.pid <= 0 || !main_watch_is_needed(instance->child.pid))
		return;
	children_remove(&instance->engine->children, &instance->child);
	instance->child.ended(&instance->child, 0);
}

bool main_watch_begin(struct instance *instance, int pidfd)
{
	struct main_watch *watch = calloc(1, sizeof(*watch));

	if (!watch) {
		fd_close(&pidfd);
		return false;
	}
	main_watch_end(instance);
	watch->instance = instance;
	ev_io_init(&watch->io, on_gone, pidfd, EV_READ);
	ev_set_priority(&watch->io, EV_MINPRI); /* whom the reaper has seen is its affair */
	ev_io_start(instance->engine->loop, &watch->io);
	instance->main_watch = watch;
	instance->main_fd = pidfd;
	return true;
}

void main_watch_end(struct instance *instance)
{
	if (!instance->main_watch)
		return;
	ev_io_stop(instance->engine->loop, &instance->main_watch->io);
	free(instance->main_watch);
	instance->main_watch = NULL;
	fd_close(&instance->main_fd);
}
