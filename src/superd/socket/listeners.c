/* The epoll set of all listeners. */
#include "superd/socket/listeners.h"

#include <sys/epoll.h>

#include "lib/fd.h"

void listeners_init(struct listeners *listeners, void (*on_ready)(struct ev_loop *loop, ev_io *io, int events),
		    void (*on_restored)(struct listener *listener))
{
	*listeners = (struct listeners){ .on_restored = on_restored };
	ev_io_init(&listeners->watched, on_ready, -1, EV_READ);
	list_init(&listeners->condition_queries);
	list_init(&listeners->drained);
}

bool listeners_open(struct listeners *listeners)
{
	int fd = listeners->watched.fd;

	if (fd < 0)
		fd = fd_raise(epoll_create1(EPOLL_CLOEXEC), FD_HIGH);
	ev_io_set(&listeners->watched, fd, EV_READ);
	return fd >= 0;
}

struct listener *listeners_find_ready(const ev_io *watched)
{
	struct epoll_event event;

	return epoll_wait(watched->fd, &event, 1, 0) == 1 ? event.data.ptr : NULL;
}

void listeners_close(struct listeners *listeners, struct ev_loop *loop)
{
	if (loop)
		ev_io_stop(loop, &listeners->watched);
	fd_close(&listeners->watched.fd);
}
