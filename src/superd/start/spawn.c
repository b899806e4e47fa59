/* Processes of superd's own, by fork(2). */
#include "superd/start/start.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/thread.h"
#include "os/foreign/foreign.h"
#include "os/rights/rights.h"

#define PROBE_MOST 5000 /* milliseconds until a probe has answered */

static int try_beside(const void *with, struct buf *answer)
{
	int (*const *try)(void) = with;

	raw_raise_effective();
	buf_char(answer, (char)(*try)());
	errno = 0;
	return -1;
}

int spawn_probe(int (*try)(void))
{
	struct buf answer = { 0 };
	int result;

	foreign_fork("a probe", PROBE_MOST, try_beside, &try, -1, false, &answer);
	result = answer.length ? (unsigned char)*answer.data : -1;
	buf_free(&answer);
	return result;
}

pid_t spawn_aside(const struct own_program *program, char *const *argv)
{
	sigset_t before;
	pid_t pid;

	thread_block_signals(&before); /* they stay blocked in the program, too */
	pid = fork();
	if (pid == 0) {
		setsid();
		raw_execute_own(program->fd, argv);
		_exit(1);
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return pid;
}

pid_t spawn_start(struct job *job, int *report)
{
	int ends[2] = { -1, -1 };
	sigset_t before;
	pid_t pid = -1;

	if (!fork_fds_open_report(ends, job->wanted_count))
		return -1;
	thread_block_signals(&before);
	pid = fork();
	if (pid == 0) {
		fork_memory_unshare();
		raw_raise_effective();
		child_reset_handlers();
		job->report = ends[1];
		/* What superd or others close meanwhile must not stay open here. */
		fork_fds_close_others(job->wanted, job->wanted_count, job->report, job->file);
		child_run(job, STAGE_CGROUP, NULL);
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	fd_close(&ends[1]);
	if (pid < 0)
		fd_close(&ends[0]);
	*report = ends[0];
	return pid;
}
