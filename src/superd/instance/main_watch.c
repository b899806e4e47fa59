/* Watches the end of a main process that is not superd's child. The kernel reports its status to its parent alone,
 * so superd does not know it, and takes it for a good one. */
#include "superd/instance/main_watch.h"

#include <stdlib.h>
#include <sys/wait.h>

#include "lib/fd.h"

struct main_watch {
	ev_io io;
	struct engine *engine;
	struct child *child;
};

bool main_watch_is_needed(pid_t pid)
{
	siginfo_t info = { 0 };

	return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0;
}

/* A process that has become superd's child meanwhile is reaped as any other. */
static void on_gone(struct ev_loop *loop, ev_io *io, int events)
{
	struct main_watch *watch = container_of(io, struct main_watch, io);
	struct child *child = watch->child;

	(void)events;
	ev_io_stop(loop, io);
	if (child->pid <= 0 || !main_watch_is_needed(child->pid))
		return;
	child_table_remove(&watch->engine->children, child);
	child->ended(child, 0);
}

bool main_watch_begin(struct main_watch **watch, struct engine *engine, struct child *child, int pidfd)
{
	struct main_watch *one = calloc(1, sizeof(*one));

	if (!one) {
		fd_close(&pidfd);
		return false;
	}
	main_watch_end(watch);
	one->engine = engine;
	one->child = child;
	ev_io_init(&one->io, on_gone, pidfd, EV_READ);
	ev_set_priority(&one->io, EV_MINPRI);   /* the SIGCHLD handler comes first */
	ev_io_start(engine->loop, &one->io);
	*watch = one;
	return true;
}

void main_watch_end(struct main_watch **watch)
{
	int fd = main_watch_fd(*watch);

	if (!*watch)
		return;
	ev_io_stop((*watch)->engine->loop, &(*watch)->io);
	fd_close(&fd);
	free(*watch);
	*watch = NULL;
}

int main_watch_fd(const struct main_watch *watch)
{
	return watch ? watch->io.fd : -1;
}
