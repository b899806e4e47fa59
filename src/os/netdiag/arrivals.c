/* The kernel wakes the waiters of a listener after it has put a connection into the queue (sock_def_readable). A watch
 * is such a waiter, and as it is not exclusive (EPOLLEXCLUSIVE) the kernel wakes it whoever else waits. epoll_ctl is
 * called directly, as the program has one of its own for libev. */
#include "os/netdiag/arrivals.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/fd.h"

int arrivals_open(void)
{
	return fd_raise(epoll_create1(EPOLL_CLOEXEC), FD_HIGH);
}

bool arrivals_add(int watch, int fd)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLET };

	return syscall(SYS_epoll_ctl, watch, EPOLL_CTL_ADD, fd, &event) == 0;
}

bool arrivals_any(int watch)
{
	struct epoll_event events[16];
	const int most = sizeof(events) / sizeof(*events);
	bool any = false;
	int count;

	do {
		count = epoll_wait(watch, events, most, 0);
		for (int n = 0; n < count; n++)
			any = any || events[n].events == EPOLLIN;       /* one that was shut down has EPOLLHUP, too */
	} while (count == most);
	return any;
}
