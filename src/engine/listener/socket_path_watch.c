/* Watches the nodes of unix sockets and fifos, and has touched ones looked at (engine/reload/path_repair).
 *
 * After the first event superd does not listen for a moment, so that a folder that is being removed goes as a whole.
 * At least a second lies between two looks, in case a process touches a node again and again. */
#include "engine/listener/socket_path_watch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/fd.h"
#include "engine/core/engine.h"
#include "engine/core/events.h"
#include "os/foreign/foreign_path.h"
#include "os/fs/path_watch.h"
#include "os/socket/bind.h"

#define SETTLE 0.2                      /* seconds until a touched node is looked at */
#define PAUSE 1.                        /* from one look to the next, at least */

struct nodes {
	ev_io io;                       /* io.fd is -1 while nothing can be watched */
	ev_timer timer;                 /* active: io is not */
	double looked;                  /* when nodes were looked at last */
	bool said;                      /* it was logged that a node cannot be watched */
	struct watch_ids later;         /* touched nodes that could not be looked at yet */
	struct watch_ids touched;       /* those to be looked at now */
	struct engine *engine;
};

static void wait_for_look(struct nodes *nodes)
{
	double left = nodes->looked + PAUSE - clock_now();
	struct ev_loop *loop = nodes->engine->loop;

	ev_io_stop(loop, &nodes->io);
	if (ev_is_active(&nodes->timer))
		return;
	ev_timer_set(&nodes->timer, left > SETTLE ? left : SETTLE, 0.);
	ev_timer_start(loop, &nodes->timer);
}

static void on_touched(struct ev_loop *loop, ev_io *io, int events)
{
	(void)loop, (void)events;
	wait_for_look(io->data);
}

static void on_timer(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct nodes *nodes = timer->data;
	struct watch_ids marks = nodes->later;

	(void)events;
	nodes->later = (struct watch_ids){ 0 };
	if (nodes->io.fd >= 0) {
		path_watch_take(nodes->io.fd, &marks);
		ev_io_start(loop, &nodes->io);
	}
	if (!marks.count && !marks.all)
		return;
	nodes->looked = clock_now();
	nodes->touched = marks;
	nodes->engine->touched = true;
	events_feed(nodes->engine);
}

const struct watch_ids *socket_path_watch_touched(struct engine *engine)
{
	return &engine->nodes->touched;
}

static struct nodes *socket_path_watch_of(struct engine *engine)
{
	struct nodes *nodes = engine->nodes;

	if (nodes)
		return nodes;
	nodes = engine->nodes = calloc(1, sizeof(*nodes));
	if (!nodes)
		return NULL;
	nodes->engine = engine;
	ev_io_init(&nodes->io, on_touched, -1, EV_READ);
	nodes->io.data = nodes;
	ev_init(&nodes->timer, on_timer);
	nodes->timer.data = nodes;
	nodes->looked = -PAUSE;
	return nodes;
}

static bool open_watch(struct nodes *nodes)
{
	int fd = nodes->io.fd;

	if (fd >= 0)
		return true;
	fd = path_watch_open();
	if (fd < 0)
		return false;
	ev_io_set(&nodes->io, fd, EV_READ);
	if (!ev_is_active(&nodes->timer))
		ev_io_start(nodes->engine->loop, &nodes->io);
	return true;
}

static const char *hint_of(int error)
{
	return error == ENOSPC ? " (fs.inotify.max_user_watches limits it)"
	       : error == EMFILE ? " (fs.inotify.max_user_instances limits it, or the number of descriptors)" : "";
}

static void say_unwatched(struct nodes *nodes, const char *path, int error)
{
	if (nodes->said)
		return;
	nodes->said = true;
	log_warn(nodes->engine->log, "%s cannot be watched: %s%s: should somebody remove it or another like it, "
		 "a reload makes it again", path, strerror(error), hint_of(error));
}

void socket_path_watch_look_later(struct engine *engine, int mark)
{
	struct nodes *nodes = engine->nodes;

	if (mark > 0)
		watch_ids_add(&nodes->later, mark);
	else
		nodes->later.all = true;
	wait_for_look(nodes);
}

int socket_path_watch_watch(struct engine *engine, const struct listen *listen, int fd)
{
	const char *path = listen->address->address;
	struct nodes *nodes = socket_path_watch_of(engine);
	struct path_finding finding;
	int mark;

	if (!nodes) {
		log_warn(engine->log, "%s cannot be watched: out of memory", path);
		return 0;
	}
	if (path_is_foreign(path, &finding) && !finding.is_absent)
		return 0;       /* the folder of somebody else, who may not answer */
	mark = open_watch(nodes) ? path_watch_add(nodes->io.fd, path) : -1;
	if (mark < 0 && errno != ENOENT) {
		say_unwatched(nodes, path, errno);
		return 0;
	}
	if (mark < 0 || !bind_is_reachable(fd, listen))         /* it went before it could be watched */
		socket_path_watch_look_later(engine, mark);
	return mark > 0 ? mark : 0;
}

void socket_path_watch_forget(struct engine *engine, int mark)
{
	if (mark)
		path_watch_remove(engine->nodes->io.fd, mark);
}

void socket_path_watch_free(struct engine *engine)
{
	struct nodes *nodes = engine->nodes;

	if (!nodes)
		return;
	ev_io_stop(engine->loop, &nodes->io);
	ev_timer_stop(engine->loop, &nodes->timer);
	fd_close(&nodes->io.fd);
	free(nodes);
	engine->nodes = NULL;
}
