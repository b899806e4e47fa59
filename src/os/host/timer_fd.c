/* A timer that is set anew has not expired; one that has expired stays readable until it is read. */
#include "os/host/timer_fd.h"

#include <errno.h>
#include <sys/timerfd.h>

#include "lib/fd.h"

int timer_fd_open(void)
{
	return fd_raise(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK), FD_HIGH);
}

bool timer_fd_set(int fd, double seconds)
{
	time_t whole = seconds > 0 ? (time_t)seconds : 0;
	struct itimerspec when = { .it_value = { whole, seconds > 0 ? (long)((seconds - (double)whole) * 1e9) : 0 } };

	if (!when.it_value.tv_sec && !when.it_value.tv_nsec)
		when.it_value.tv_nsec = 1;      /* 0 would stop it */
	return timerfd_settime(fd, 0, &when, NULL) == 0;
}
