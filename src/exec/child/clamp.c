/* Sets limits and priorities, or the closest values that superd may set. Source: setrlimit(2), setpriority(2),
 * proc_pid_oom_score_adj(5). Only a missing privilege (EPERM, EACCES) is accepted; any other failure is an error. */
#include "exec/child/clamp.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#define NICE_LIMIT_ZERO 20              /* RLIMIT_NICE is 20 - nice */

static bool lacks_privilege(void)
{
	return errno == EPERM || errno == EACCES;
}

int clamp_rlimit(int resource, const struct rlimit *wanted)
{
	struct rlimit own, nearest = *wanted;

	if (setrlimit(resource, wanted) == 0)
		return 0;
	if (!lacks_privilege() || prlimit(0, resource, NULL, &own) < 0)
		return -1;
	if (nearest.rlim_max > own.rlim_max)
		nearest.rlim_max = own.rlim_max;
	if (nearest.rlim_cur > nearest.rlim_max)
		nearest.rlim_cur = nearest.rlim_max;
	return setrlimit(resource, &nearest);
}

int clamp_nice(int nice)
{
	struct rlimit limit;
	int lowest;

	if (setpriority(PRIO_PROCESS, 0, nice) == 0)
		return 0;
	if (!lacks_privilege() || prlimit(0, RLIMIT_NICE, NULL, &limit) < 0)
		return -1;
	if (limit.rlim_cur > (rlim_t)2 * NICE_LIMIT_ZERO)
		limit.rlim_cur = (rlim_t)2 * NICE_LIMIT_ZERO;
	lowest = NICE_LIMIT_ZERO - (int)limit.rlim_cur;
	if (lowest < 0)
		(void)setpriority(PRIO_PROCESS, 0, lowest);
	return 0;
}

int clamp_oom_score(const char *score)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC), error;
	ssize_t written;

	if (fd < 0)
		return -1;
	written = write(fd, score, strlen(score));
	error = errno;
	close(fd);
	errno = error;
	return written >= 0 || lacks_privilege() ? 0 : -1;
}
