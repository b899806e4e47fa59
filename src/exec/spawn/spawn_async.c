/* Starts with fork(2), for a child that mounts, may block or may be killed before its exec.
 *
 * superd does not wait for such a start. A close-on-exec pipe reports success by closing, and failure by what the child
 * writes. Because the child may take its time, it first closes every descriptor that the program is not to have: else
 * it would keep open what superd or others close meanwhile.
 *
 * A process inside a new user namespace may map no user but its own. So a second process is forked first; it stays
 * outside and writes the maps when the child asks (exec/child/userns_map.c). */
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

#define REAP_MOST 100                   /* milliseconds: it has nothing more to do but end */

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

static bool wait_for(int fd)
{
	struct pollfd told = { fd, POLLIN, 0 };
	int ready;

	do
		ready = poll(&told, 1, (int)(spawn_timeout_seconds * 1000));
	while (ready < 0 && errno == EINTR);
	return ready > 0;
}

/* It answers by a pipe, as the loop may have reaped it before anybody here asks how it ended. */
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
				      -1); /* a start that another thread makes has a pipe that is to end */
		raw_raise_effective();
		answer = (unsigned char)try();
		_exit(write(ends[1], &answer, 1) == 1 ? 0 : 1);
	}
	fd_close(&ends[1]);
	if (pid > 0 && !wait_for(ends[0]))
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

static bool is_kept(int fd, const int *kept, int count)
{
	for (int n = 0; n < count; n++) {
		if (kept[n] == fd)
			return true;
	}
	return false;
}

/* Those that were not reaped yet. They are few, and a child that is none is only to be told from them at superd's
 * end. */
struct aside {
	pid_t pid;
	uint64_t serial;
};

static struct {
	struct aside *list;
	size_t count, room;
	uint64_t last;                  /* serial */
} asides;

static bool make_room_for_aside(void)
{
	struct aside *list = array_grow(asides.list, &asides.room, asides.count, sizeof(*list));

	if (list)
		asides.list = list;
	return list;
}

/* Where there is no memory superd's end may wait for it, with all others that do not end. */
void spawn_note_worker(pid_t pid)
{
	if (pid > 0 && make_room_for_aside())
		asides.list[asides.count++] = (struct aside){ pid, ++asides.last };
}

uint64_t spawn_worker_serial(pid_t pid)
{
	for (size_t n = 0; n < asides.count; n++) {
		if (asides.list[n].pid == pid)
			return asides.list[n].serial;
	}
	return 0;
}

bool spawn_is_worker(pid_t pid)
{
	return spawn_worker_serial(pid) != 0;
}

void spawn_reaped(pid_t pid)
{
	for (size_t n = 0; n < asides.count; n++) {
		if (asides.list[n].pid == pid)
			asides.list[n--] = asides.list[--asides.count];
	}
}

/* All signals stay blocked in the new process: superd's loop, which handles them, does not run there. */
pid_t spawn_worker(const char *name, uint64_t capabilities, void (*work)(const void *with), const void *with,
		   const int *kept, int count)
{
	sigset_t before;
	pid_t pid;

	if (!make_room_for_aside())
		return -1;              /* one that is not known of may not be started */
	thread_block_signals(&before);
	pid = fork();
	if (pid == 0) {
		own_privileges_drop_others(capabilities);
		become_untraceable(name);
		for (int fd = 0; fd <= 2; fd++) {
			if (!is_kept(fd, kept, count))
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
