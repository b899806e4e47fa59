/* Starts with fork(2), for systems without clone(2) and for sanitizers: as a start apart, whose outcome superd waits
 * for. So only plans that other users cannot delay are started this way. */
#include "superd/start/spawn.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/fd.h"
#include "lib/number.h"
#include "superd/start/spawn_timeout.h"

/* Reads the child's report. true: it failed. A child that is stopped (SIGSTOP) before its exec must not stop superd. */
static bool read_fault(int fd, pid_t pid, struct fault *fault)
{
	struct pollfd told = { fd, POLLIN, 0 };
	double began = clock_now();
	unsigned hangs = 0;             /* looks in a row, as in spawn_timeout.c */
	int look = (int)(number_min(spawn_timeout_seconds, SPAWN_LOOK) * 1000);
	ssize_t got;

	do {
		if (poll(&told, 1, look) < 0)   /* EINVAL: somebody has set superd's limit of open files to 0 */
			poll(NULL, 0, look);
		got = read(fd, fault, sizeof(*fault));
		hangs = got < 0 && spawn_hangs(pid, clock_now() - began) ? hangs + 1 : 0;
	} while (got < 0 && hangs < 2);
	if (got < 0) {
		kill(pid, SIGKILL);
		*fault = (struct fault){ .stage = STAGE_FORK, .error = ETIMEDOUT };
		return true;
	}
	if (got != (ssize_t)sizeof(*fault))
		return false;
	if ((unsigned)fault->stage >= STAGES)
		fault->stage = STAGE_FORK;
	return true;
}

pid_t spawn_process(struct job *job, char *stack)
{
	int report = -1;
	pid_t pid = spawn_async(job, &report);

	(void)stack;
	if (pid > 0 && read_fault(report, pid, &job->fault)) {
		job->unreaped = pid;
		pid = -1;
	}
	fd_close(&report);
	return pid;
}
