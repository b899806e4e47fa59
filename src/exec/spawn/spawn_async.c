/* Starts with fork(2), for a child that mounts, may block or may be killed before its exec.
 *
 * superd does not wait for such a start. A close-on-exec pipe reports success by closing, and failure by what the child
 * writes. As the child may take long, it first closes every descriptor that the program must not have: otherwise it
 * would hold open what superd or others close meanwhile.
 *
 * A process inside a new user namespace may map no user but its own (user_namespaces(7)). So a second process is forked
 * first; it stays outside and writes the maps when the child asks (exec/child/userns_map.c). */
#include "exec/spawn/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef HAVE_SYS_PRCTL_H
#include <sys/prctl.h>
#endif

#include "base/array.h"
#include "base/fd.h"
#include "base/thread.h"
#include "exec/spawn/spawn_timeout.h"
#include "os/foreign/fork_fds.h"
#include "os/rights/own_privileges.h"
#include "os/rights/raw_syscall.h"

#define REAP_MOST 100                   /* milliseconds that superd waits for a process that is about to end */

pid_t spawn_async(struct job *job, int *report)
{
	int ends[2];
	pid_t pid;

	if (!fork_fds_open_report(ends, job->wanted_count)) {
		job->fault = (struct fault){ .stage = STAGE_FORK, .error = errno };
		return -1;
	}
	pid = fork();
	if (pid == 0) {
		job->report = ends[1];
		child_run_apart(job);
	}
	if (pid < 0) {
		job->fault = (struct fault){ .stage = STAGE_FORK, .error = errno };
		fd_close(&ends[0]);
	}
	fd_close(&ends[1]);
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
int spawn_probe(int (*try)(void))
{
	unsigned char answer = 0;
	ssize_t got = -1;
	int ends[2];
	pid_t pid;

	if (fd_pipe(ends) < 0)
		return -1;
	pid = fork();
	if (pid == 0) {
		fork_fds_close_others(&ends[1], 1,
				      -1); /* another thread's start has a pipe that must close */
		raw_raise_effective();
		answer = (unsigned char)try();
		_exit(write(ends[1], &answer, 1) == 1 ? 0 : 1);
	}
	fd_close(&ends[1]);
	if (pid > 0 && !wait_for_answer(ends[0]))
		kill(pid, SIGKILL);
	if (pid > 0)
		got = read(ends[0], &answer, 1);
	if (pid > 0)
		waitpid_timeout(pid, REAP_MOST, NULL);
	fd_close(&ends[0]);
	return got == 1 ? answer : -1;
}

bool spawn_background(void (*chore)(const void *with), const void *with, const int *kept, int count)
{
	pid_t pid = fork();

	if (pid == 0) {
		raw_raise_effective();
		fork_fds_close_others(kept, count, -1);
		setsid();
		chore(with);
		_exit(0);
	}
	return pid > 0;
}

#ifdef HAVE_SYS_PRCTL_H
static void become_untraceable(const char *name)
{
	prctl(PR_SET_DUMPABLE, 0);
	prctl(PR_SET_NAME, name);
}
#else
static void become_untraceable(const char *name)
{
	(void)name;
}
#endif

static bool is_kept_fd(int fd, const int *kept, int count)
{
	for (int n = 0; n < count; n++) {
		if (kept[n] == fd)
			return true;
	}
	return false;
}

/* The workers that are not yet reaped. There are few, and other children need to be told from them only at superd's
 * end. */
struct worker_process {
	pid_t pid;
	uint64_t serial;
};

static struct {
	struct worker_process *list;
	size_t count, room;
	uint64_t last;                  /* serial */
} workers;

static bool grow_workers(void)
{
	struct worker_process *list = array_grow(workers.list, &workers.room, workers.count, sizeof(*list));

	if (list)
		workers.list = list;
	return list;
}

/* Without memory the worker is not recorded, and superd's end may wait for it as for any other child. */
void spawn_note_worker(pid_t pid)
{
	if (pid > 0 && grow_workers())
		workers.list[workers.count++] = (struct worker_process){ pid, ++workers.last };
}

uint64_t spawn_worker_serial(pid_t pid)
{
	for (size_t n = 0; n < workers.count; n++) {
		if (workers.list[n].pid == pid)
			return workers.list[n].serial;
	}
	return 0;
}

bool spawn_is_worker(pid_t pid)
{
	return spawn_worker_serial(pid) != 0;
}

void spawn_reaped(pid_t pid)
{
	for (size_t n = 0; n < workers.count; n++) {
		if (workers.list[n].pid == pid)
			workers.list[n--] = workers.list[--workers.count];
	}
}

/* All signals stay blocked in the new process, as superd's loop, which handles them, does not run there. */
pid_t spawn_worker(const char *name, uint64_t capabilities, void (*work)(const void *with), const void *with,
		   const int *kept, int count)
{
	sigset_t before;
	pid_t pid;

	if (!grow_workers())
		return -1;              /* a worker that cannot be recorded must not start */
	thread_block_signals(&before);
	pid = fork();
	if (pid == 0) {
		own_privileges_drop_others(capabilities);
		become_untraceable(name);
		for (int fd = 0; fd <= 2; fd++) {
			if (!is_kept_fd(fd, kept, count))
				close(fd);
		}
		fork_fds_close_others(kept, count, -1);
		setsid();
		work(with);
		_exit(0);
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	spawn_note_worker(pid);
	return pid;
}
