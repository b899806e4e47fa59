/* Processes of superd's own, by fork(2). */
#include "superd/start/start.h"

#define ANSWER_MOST 5000 /* milliseconds until a probe has answered */
#define REAP_MOST 100	 /* milliseconds that superd waits for a process that is about to end */

/* The process answers by a pipe, as the loop may reap it before waitpid(2) here could. */
static int hear_answer(pid_t pid, int ends[2])
{
	struct pollfd told = { ends[0], POLLIN, 0 };
	int ready = 0, error = pid > 0 ? 0 : errno;
	unsigned char answer = 0;
	ssize_t got = -1;

	fd_close(&ends[1]);
	while (pid > 0 && (ready = poll(&told, 1, ANSWER_MOST)) < 0 && errno == EINTR)
		continue;
	if (ready > 0) {
		got = read(ends[0], &answer, 1);
	} else if (pid > 0) {
		kill(pid, SIGKILL); /* which does not end one that hangs in the kernel */
		error = ETIMEDOUT;
	}
	if (pid > 0)
		waitpid_timeout(pid, REAP_MOST, NULL);
	fd_close(&ends[0]);
	errno = error;
	return got == 1 ? answer : -1;
}

int spawn_probe(int (*try)(void))
{
	unsigned char answer;
	int ends[2];
	pid_t pid;

	if (fd_pipe(ends) < 0)
		return -1;
	pid = fork();
	if (pid == 0) {
		fork_memory_unshare();
		fork_fds_close_others(&ends[1], 1, -1, -1); /* another thread's start has a pipe that must close */
		raw_raise_effective();
		answer = (unsigned char)try();
		_exit(write(ends[1], &answer, 1) == 1 ? 0 : 1);
	}
	return hear_answer(pid, ends);
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
