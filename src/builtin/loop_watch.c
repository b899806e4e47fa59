/* Watches descriptors. */
#include "builtin/loop_watch.h"

#include <sys/epoll.h>
#include <unistd.h>

#include "lib/fd.h"

bool loop_watch_set(int epoll, int operation, struct loop_watch *watch, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = watch };

	return epoll_ctl(epoll, operation, watch->fd, &event) == 0;
}

void loop_watch_close(int epoll, struct loop_watch *watch)
{
	if (watch->fd < 0)
		return;
	loop_watch_set(epoll, EPOLL_CTL_DEL, watch, 0);
	fd_close(&watch->fd);
}

void loop_sooner(int64_t *timeout, int64_t other)
{
	if (other >= 0 && (*timeout < 0 || other < *timeout))
		*timeout = other;
}
