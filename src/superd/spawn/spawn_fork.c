/* Starts with fork(2), for systems without clone(2) and for sanitizers. A close-on-exec pipe reports success by
 * closing, and failure by what the child writes. superd waits for the exec, as with shared memory, so only plans that
 * other users cannot delay are started this way. */
#include "superd/spawn/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/fd.h"
#include "os/foreign/fork_fds.h"
#include "os/foreign/fork_memory.h"
#include "os/rights/raw_syscall.h"
#include "superd/spawn/spawn_timeout.h"

/* Reads the child's report. true: it failed. A child that is stopped (SIGSTOP) before its exec must not stop superd. */
static bool read_fault(int fd, pid_t pid, struct fault *fault)
{
	struct pollfd told = { fd, POLLIN, 0 };
	double began = clock_now();
	unsigned hangs = 0;             /* looks in a row, as in spawn_timeout.c */
	ssize_t got;
	int ready;

	do {
		ready = poll(&told, 1, (int)(fmin(spawn_timeout_seconds, SPAWN_LOOK) * 1000));
		hangs = ready == 0 && spawn_hangs(pid, clock_now() - began) ? hangs + 1 : 0;
	} while (ready == 0 && hangs < 2);
	if (ready == 0) {
		kill(pid, SIGKILL);
		*fault = (struct fault){ .stage = STAGE_FORK, .error = ETIMEDOUT };
		return true;
	}
	do
		got = read(fd, fault, sizeof(*fault));
	while (got < 0 && errno == EINTR);
	if (got == (ssize_t)sizeof(*fault) && (unsigned)fault->stage >= STAGES)
		fault->stage = STAGE_FORK;
	return got == (ssize_t)sizeof(*fault);
}

pid_t spawn_process(struct job *job, char *stack)
{
	int ends[2];
	pid_t pid;

	(void)stack;
	if (!fork_fds_open_report(ends, job->wanted_count)) {
		job->fault = (struct fault){ .stage = STAGE_FORK, .error = errno };
		return -1;
	}
	fd_set_nonblocking(ends[0], false);
	pid = fork();
	if (pid == 0) {
		raw_raise_effective();
		if (!child_note_pid(job, getpid()))
			_exit(0);
		job->noted = NULL;              /* the copy below tells nobody */
		fork_memory_unshare();
		job->report = ends[1];
		child_run(job, STAGE_CGROUP, NULL);
	}
	if (pid < 0)
		job->fault = (struct fault){ .stage = STAGE_FORK, .error = errno };
	fd_close(&ends[1]);
	if (pid > 0 && read_fault(ends[0], pid, &job->fault)) {
		job->unreaped = pid;
		pid = -1;
	}
	fd_close(&ends[0]);
	return pid;
}
