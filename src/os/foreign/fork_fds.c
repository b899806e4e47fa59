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

#include "base/fd.h"

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

/* The lowest kept descriptor that is not below `from`; UINT_MAX: none. */
static unsigned next_kept(const int *kept, int count, int also, unsigned from)
{
	unsigned next = also >= 0 && (unsigned)also >= from ? (unsigned)also : UINT_MAX;

	for (int n = 0; n < count; n++) {
		if (kept[n] >= 0 && (unsigned)kept[n] >= from && (unsigned)kept[n] < next)
			next = (unsigned)kept[n];
	}
	return next;
}

void fork_fds_close_others(const int *kept, int count, int also)
{
	unsigned from = 3, next;

	for (; (next = next_kept(kept, count, also, from)) != UINT_MAX; from = next + 1) {
		if (next > from)
			syscall(SYS_close_range, from, next - 1, 0u);
	}
	syscall(SYS_close_range, from, UINT_MAX, 0u);
}
