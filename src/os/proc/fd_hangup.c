/* A separate epoll(7) instance: with no events requested it reports only EPOLLHUP and EPOLLERR. A loop that waits for
 * input would spin on unread data. The calls go to the kernel directly, as the program has an epoll_ctl of its own for
 * libev. */
#include "os/proc/fd_hangup.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/fd.h"

int fd_hangup_open(void)
{
	return fd_raise(epoll_create1(EPOLL_CLOEXEC), FD_HIGH);
}

bool fd_hangup_watch(int hangups, int fd)
{
	struct epoll_event nothing = { .events = 0, .data.fd = fd };

	return syscall(SYS_epoll_ctl, hangups, EPOLL_CTL_ADD, fd, &nothing) == 0;
}

void fd_hangup_forget(int hangups, int fd)
{
	syscall(SYS_epoll_ctl, hangups, EPOLL_CTL_DEL, fd, NULL);
}

int fd_hangup_next(int hangups)
{
	struct epoll_event event;

	return epoll_wait(hangups, &event, 1, 0) == 1 ? event.data.fd : -1;
}
