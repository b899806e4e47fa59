/* Watchers of the loop for which the kernel has no room: epoll_ctl(2) is the test's. */
#include <sys/epoll.h>
#include <sys/syscall.h>

#include "superd/daemon.h"
#include "tests/unit/unit.h"

static int failures; /* to come */

int epoll_ctl(int epoll, int order, int fd, struct epoll_event *event)
{
	if (failures > 0) {
		failures--;
		errno = ENOSPC;
		return -1;
	}
	return (int)syscall(SYS_epoll_ctl, epoll, order, fd, event);
}

static unsigned heard;

static void hear(struct io *io)
{
	char byte;

	heard += read(io->fd, &byte, 1) == 1;
	ev_break(superd.loop, EVBREAK_ALL);
}

Test(loop, watches_again_what_the_kernel_had_no_room_for, .timeout = 60)
{
	struct io io, silent; /* without another one libev does not wait */
	int ends[2], others[2];

	superd.loop = ev_loop_new(EVBACKEND_EPOLL | EVFLAG_NOENV);
	cr_assert(superd.loop && pipe(others) == 0);
	io_call(&silent, others[0], hear, NULL);
	ev_run(superd.loop, EVRUN_NOWAIT);
	for (int times = 0; times < 3; times++) {
		cr_assert_eq(pipe(ends), 0);
		failures = times;
		io_call(&io, ends[0], hear, NULL);
		cr_assert_eq(write(ends[1], "", 1), 1);
		ev_run(superd.loop, 0);
		cr_expect_eq(heard, (unsigned)times + 1);
		cr_expect_eq(failures, 0);
		io_stop(&io);
		close(ends[0]);
		close(ends[1]);
	}
	io_stop(&silent);
	ev_loop_destroy(superd.loop);
	close(others[0]);
	close(others[1]);
}
