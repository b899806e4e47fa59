/* Watches the paths of unix sockets and fifos. superd/reload/reload checks those that were touched and makes
 * them again.
 *
 * After the first event superd ignores events for a moment, so that a folder that is being removed is gone
 * completely. It checks at most once a second, in case a process touches a path again and again. */
#include "superd/socket/socket_path_watch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/fd.h"
#include "os/foreign/foreign_path.h"
#include "os/fs/path_watch.h"
#include "os/socket/bind.h"
#include "superd/socket/listeners.h"
#include "superd/loop/engine.h"
#include "superd/loop/events.h"

#define DELAY 0.2                       /* seconds from the first event to the check */
#define PAUSE 1.                        /* seconds from one check to the next, at least */

struct path_watches {
	ev_io io;                       /* the inotify descriptor; fd -1: not open */
	ev_timer timer;                 /* active until the next check; io is stopped meanwhile */
	double last_look;               /* clock_now() of the last check */
	bool failure_logged;            /* it was logged that a path cannot be watched */
	struct watch_ids later;         /* touched paths that could not be checked yet */
	struct watch_ids touched;       /* touched paths that are to be checked now */
	struct engine *engine;
};

static void wait_for_look(struct path_watches *watches)
{
	double left = watches->last_look + PAUSE - clock_now();
	struct ev_loop *loop = watches->engine->loop;

	ev_io_stop(loop, &watches->io);
	if (ev_is_active(&watches->timer))
		return;
	ev_timer_set(&watches->timer, left > DELAY ? left : DELAY, 0.);
	ev_timer_start(loop, &watches->timer);
}

static void on_touched(struct ev_loop *loop, ev_io *io, int events)
{
	(void)loop, (void)events;
	wait_for_look(io->data);
}

static void on_timer(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct path_watches *watches = timer->data;
	struct watch_ids marks = watches->later;

	(void)events;
	watches->later = (struct watch_ids){ 0 };
	if (watches->io.fd >= 0) {
		path_watch_take(watches->io.fd, &marks);
		ev_io_start(loop, &watches->io);
	}
	if (!marks.count && !marks.all)
		return;
	watches->last_look = clock_now();
	watches->touched = marks;
	watches->engine->events.paths_touched = true;
	events_feed(watches->engine);
}

const struct watch_ids *socket_path_watch_touched(struct engine *engine)
{
	return &engine->listeners->path_watches->touched;
}

static struct path_watches *socket_path_watch_of(struct engine *engine)
{
	struct path_watches *watches = engine->listeners->path_watches;

	if (watches)
		return watches;
	watches = engine->listeners->path_watches = calloc(1, sizeof(*watches));
	if (!watches)
		return NULL;
	watches->engine = engine;
	ev_io_init(&watches->io, on_touched, -1, EV_READ);
	watches->io.data = watches;
	ev_init(&watches->timer, on_timer);
	watches->timer.data = watches;
	watches->last_look = -PAUSE;
	return watches;
}

static bool open_watch(struct path_watches *watches)
{
	int fd = watches->io.fd;

	if (fd >= 0)
		return true;
	fd = path_watch_open();
	if (fd < 0)
		return false;
	ev_io_set(&watches->io, fd, EV_READ);
	if (!ev_is_active(&watches->timer))
		ev_io_start(watches->engine->loop, &watches->io);
	return true;
}

static const char *hint_of(int error)
{
	return error == ENOSPC ? " (fs.inotify.max_user_watches limits it)"
	       : error == EMFILE ? " (fs.inotify.max_user_instances limits it, or the number of descriptors)" : "";
}

static void log_unwatched(struct path_watches *watches, const char *path, int error)
{
	if (watches->failure_logged)
		return;
	watches->failure_logged = true;
	log_warn(watches->engine->log, "%s cannot be watched: %s%s: if it is removed, the next reload creates it "
				       "again", path, strerror(error), hint_of(error));
}

void socket_path_watch_look_later(struct engine *engine, int mark)
{
	struct path_watches *watches = engine->listeners->path_watches;

	if (mark > 0)
		watch_ids_add(&watches->later, mark);
	else
		watches->later.all = true;
	wait_for_look(watches);
}

int socket_path_watch_watch(struct engine *engine, const struct listen *listen, int fd)
{
	const char *path = listen->address->address;
	struct path_watches *watches = socket_path_watch_of(engine);
	struct path_finding finding;
	int mark;

	if (!watches) {
		log_warn(engine->log, "%s cannot be watched: out of memory", path);
		return 0;
	}
	if (path_is_foreign(path, &finding) && !finding.is_absent)
		return 0;       /* another user's folder: its file system may not answer */
	mark = open_watch(watches) ? path_watch_add(watches->io.fd, path) : -1;
	if (mark < 0 && errno != ENOENT) {
		log_unwatched(watches, path, errno);
		return 0;
	}
	if (mark < 0 || !bind_is_reachable(fd, listen))         /* it was removed before superd watched it */
		socket_path_watch_look_later(engine, mark);
	return mark > 0 ? mark : 0;
}

void socket_path_watch_forget(struct engine *engine, int mark)
{
	if (mark)
		path_watch_remove(engine->listeners->path_watches->io.fd, mark);
}

void socket_path_watch_free(struct engine *engine)
{
	struct path_watches *watches = engine->listeners->path_watches;

	if (!watches)
		return;
	ev_io_stop(engine->loop, &watches->io);
	ev_timer_stop(engine->loop, &watches->timer);
	fd_close(&watches->io.fd);
	free(watches);
	engine->listeners->path_watches = NULL;
}
