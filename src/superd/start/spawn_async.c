/* Starts with fork(2), for a child that becomes superd-exec, may block or may be killed before its exec.
 *
 * superd does not wait for such a start. A close-on-exec pipe reports success by closing, and failure by what the child
 * writes. As the child may take long, it first closes every descriptor that the program must not have: otherwise it
 * would hold open what superd or others close meanwhile.
 *
 * superd-exec (child_needs_program) reads from a file in memory what it has to do. */
#include "superd/start/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "exec/record/start_record.h"
#include "lib/fd.h"
#include "lib/thread.h"
#include "os/foreign/fork_fds.h"
#include "os/foreign/fork_memory.h"
#include "os/fs/memory_file.h"
#include "os/host/program.h"
#include "os/rights/raw_syscall.h"
#include "superd/start/spawn_timeout.h"
#include "superd/start/worker_process.h"

#define REAP_MOST 100                   /* milliseconds that superd waits for a process that is about to end */

/* Writes the start for superd-exec into a file, job->record. false and errno. */
static bool write_record(struct job *job)
{
	struct record record = { 0 };

	start_record(&record, job);
	if (record.out.failed)
		errno = ENOMEM;
	else
		job->record = memory_file(record.out.data, record.out.length);
	buf_free(&record.out);
	return job->record >= 0;
}

pid_t spawn_async(struct job *job, int *report)
{
	int ends[2];
	pid_t pid;

	if (child_needs_program(job) && !write_record(job)) {
		job->fault = (struct fault){ .stage = STAGE_RECORD, .error = errno };
		return -1;
	}
	if (!fork_fds_open_report(ends, job->wanted_count)) {
		job->fault = (struct fault){ .stage = STAGE_FORK, .error = errno };
		fd_close(&job->record);
		return -1;
	}
	pid = fork();
	if (pid == 0) {
		if (!child_note_pid(job, getpid()))
			_exit(0);
		job->noted = NULL;              /* the copy below tells nobody */
		fork_memory_unshare();
		job->report = ends[1];
		child_run_apart(job);
	}
	if (pid < 0) {
		job->fault = (struct fault){ .stage = STAGE_FORK, .error = errno };
		fd_close(&ends[0]);
	} else {
		child_note_pid(job, pid);       /* the child may not run for long, and superd may die before */
	}
	fd_close(&ends[1]);
	fd_close(&job->record);
	*report = ends[0];
	return pid;
}

static bool wait_for_answer(int fd)
{
	struct pollfd told = { fd, POLLIN, 0 };
	int ready;

	do
		ready = poll(&told, 1, (int)(spawn_timeout_seconds * 1000));
	while (ready < 0 && errno == EINTR);
	return ready > 0;
}

/* The process answers by a pipe, as the loop may reap it before waitpid(2) here could. */
static int hear_answer(pid_t pid, int ends[2])
{
	unsigned char answer = 0;
	ssize_t got = -1;

	fd_close(&ends[1]);
	if (pid > 0 && wait_for_answer(ends[0]))
		got = read(ends[0], &answer, 1);
	else if (pid > 0)
		kill(pid, SIGKILL);     /* which does not end one that hangs in the kernel */
	if (pid > 0)
		waitpid_timeout(pid, REAP_MOST, NULL);
	fd_close(&ends[0]);
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

int spawn_ask(int program, char *const *argv)
{
	int ends[2];
	pid_t pid;

	if (fd_pipe(ends) < 0)
		return -1;
	pid = fork();
	if (pid == 0) {
		if (dup2(ends[1], STDOUT_FILENO) >= 0)
			raw_execute_own(program, argv);
		_exit(1);
	}
	return hear_answer(pid, ends);
}

pid_t spawn_aside(const struct own_program *program, char *const *argv, const int streams[2])
{
	sigset_t before;
	pid_t pid;

	thread_block_signals(&before);  /* they stay blocked in the program, too */
	pid = fork();
	if (pid == 0) {
		setsid();
		for (int n = 0; n < 2; n++) {
			if (streams[n] >= 0 && dup2(streams[n], n) < 0)
				_exit(1);
		}
		raw_execute_own(program->fd, argv);
		_exit(1);
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (pid > 0)
		spawn_note_worker(pid, program->name);
	return pid;
}
