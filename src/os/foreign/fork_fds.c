/* Descriptors of a forked child: the pipe by which it reports, and closing all others.
 *
 * Listing /proc/self/fd would allocate memory. So the child closes the gaps between the descriptors that it keeps, with
 * close_range(2). */
#include "os/foreign/fork_fds.h"

#include <errno.h>
#include <limits.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lib/fd.h"

bool fork_fds_open_report(int ends[2], int least)
{
	if (fd_pipe(ends) < 0)
		return false;
	ends[1] = fd_raise(ends[1], least);
	if (ends[1] >= least)
		return true;
	fd_close(&ends[0]);
	fd_close(&ends[1]);
	errno = EMFILE;
	return false;
}

bool waitpid_timeout(pid_t pid, int milliseconds, int *status)
{
	const struct timespec moment = { .tv_nsec = 100000 };
	pid_t ended;

	for (int n = 0; (ended = waitpid(pid, status, WNOHANG)) == 0 && n < 10 * milliseconds; n++)
		nanosleep(&moment, NULL);
	return ended == pid;
}

/* The lower of `next` and this descriptor, unless that is below `from`. */
static unsigned lower_of(unsigned next, int fd, unsigned from)
{
	return fd >= 0 && (unsigned)fd >= from && (unsigned)fd < next ? (unsigned)fd : next;
}

void fork_fds_close_others(const int *kept, int count, int also, int file)
{
	unsigned from = 3, next;

	for (;; from = next + 1) {
		next = lower_of(lower_of(UINT_MAX, also, from), file, from);
		for (int n = 0; n < count; n++)
			next = lower_of(next, kept[n], from);
		if (next == UINT_MAX)
			break;
		if (next > from)
			syscall(__NR_close_range, from, next - 1, 0u);
	}
	syscall(__NR_close_range, from, UINT_MAX, 0u);
}
