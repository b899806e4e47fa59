/* The guard's own process. It does what must not fail, so it does little: it waits for signals and for superd's few
 * messages, and starts superd. It allocates no memory and opens nothing but the channel to the next superd.
 *
 * The next superd is a new child of this process image, which has done nothing since its start; an upgrade executes the
 * new program in the guard first. Both keep the table of descriptors. */
#include "os/guard/guard.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/scan.h"
#include "os/guard/guard_page.h"
#include "os/fs/memory_file.h"
#include "os/host/self_exe.h"
#include "os/host/signals.h"
#include "os/rights/own_privileges.h"

#define LIVED 1.                        /* seconds after which a superd that dies is started anew at once */
#define PAUSE_LEAST 100                 /* milliseconds; doubles with each superd in a row that dies young */
#define PAUSE_MOST 30000
#define NAME_MOST 16                    /* bytes of a process's name */
#define DESCRIPTORS_MOST 65536          /* of those looked at where there is no close_range(2) */

#ifndef WCOREFLAG
#define WCOREFLAG 0x80                  /* of a wait status; musl has no name for it */
#endif

extern char **environ;

struct guard {
	struct guard_page *page;
	int page_fd;
	pid_t superd;
	double since;                   /* loop time of its start */
	pid_t reported;                 /* child whose end superd was told; 0: none */
	bool has_terminal;              /* superd's process group is the foreground one */
	sigset_t before;                /* signal mask that superd starts with */
	char name[NAME_MOST];           /* of superd's process */
	char *const *arguments;
	char program[GUARD_PATH_MOST];  /* of an upgrade; "": none was ordered */
};

/* The file is older than this version, if it has less. */
static bool has_all_members(int fd)
{
	struct stat file;

	return fstat(fd, &file) == 0 && (file.st_size >= (off_t)sizeof(struct guard_page) ||
					 ftruncate(fd, sizeof(struct guard_page)) == 0);
}

static bool make_page(struct guard *guard, int fd)
{
	bool is_new = fd < 0;

	if (is_new)
		fd = fd_raise(memory_open("superd-guard", false), FD_HIGH);
	if (fd < 0 || !has_all_members(fd))
		return false;
	guard->page = mmap(NULL, sizeof(*guard->page), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (guard->page == MAP_FAILED)
		return false;
	guard->page_fd = fd;
	if (is_new) {
		memcpy(guard->page->magic, GUARD_MAGIC, sizeof(GUARD_MAGIC));
		guard->page->successor_state = -1;
		guard->page->areas[0].fd = guard->page->areas[1].fd = -1;
	}
	guard->page->area = -1;         /* the state of an upgrade counts, and the files may be closed */
	guard->page->channel = guard->page->own_end = guard->page->signals = -1;
	guard->page->guard = getpid();
	errno = EINVAL;
	return !memcmp(guard->page->magic, GUARD_MAGIC, sizeof(GUARD_MAGIC));
}

static bool open_signals(struct guard *guard)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &guard->before);
	guard->page->signals = fd_raise(signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK), FD_HIGH);
	return guard->page->signals >= 0;
}

/* Each superd has a channel of its own, so that it gets no message that was meant for the one before. */
static bool open_channel(struct guard *guard)
{
	int ends[2];

	fd_close(&guard->page->own_end);
	fd_close(&guard->page->channel);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) < 0)
		return false;
	guard->page->own_end = fd_raise(ends[0], FD_HIGH);
	guard->page->channel = fd_raise(ends[1], FD_HIGH);
	return true;
}

/* The new process is one of the C library's: its thread has the right number, as after fork(3). */
static pid_t clone_sharing_descriptors(void)
{
	struct clone_args arguments = { .flags = CLONE_FILES, .exit_signal = SIGCHLD };
	int *thread = NULL;
	long pid;

	if (prctl(PR_GET_TID_ADDRESS, &thread) == 0 && thread) {
		arguments.flags |= CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID;
		arguments.child_tid = (uintptr_t)thread;
	}
	pid = syscall(SYS_clone3, &arguments, sizeof(arguments));
#ifndef __s390__
	if (pid < 0 && errno == ENOSYS)
		pid = syscall(SYS_clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0);
#endif
	return (pid_t)pid;
}

/* Descriptors that the guard was given are superd's. Those of before an upgrade are in its state. */
static void set_listen_pid(const struct guard *guard)
{
	const char *text = getenv("LISTEN_PID");
	char own[16];
	int64_t pid;

	if (!text || scan_count(text, &pid) || pid != guard->page->guard)
		return;
	snprintf(own, sizeof(own), "%ld", (long)getpid());
	if (guard->page->cause == GUARD_FRESH)
		setenv("LISTEN_PID", own, 1);
	else
		unsetenv("LISTEN_PID");
}

/* superd has a process group of its own, so that a signal to the guard's group reaches it once. */
static void become_superd(const struct guard *guard)
{
	prctl(PR_SET_PDEATHSIG, SIGCHLD);       /* superd looks for the guard then (guard_is_lost) */
	setpgid(0, 0);
	if (guard->has_terminal)
		tcsetpgrp(STDIN_FILENO, getpid());
	set_listen_pid(guard);
	self_exe_set_name(guard->name);
	guard_link_begin(guard->page, guard->page_fd);
	sigprocmask(SIG_SETMASK, &guard->before, NULL);
}

/* A state that kills each superd that reads it, be it an upgrade's, must not be read for ever. */
static void drop_state(struct guard_page *page)
{
	page->area = page->successor_state = -1;
	memset(page->starts, 0, sizeof(page->starts));
	memset(page->promises, 0, sizeof(page->promises));
}

/* true: this is superd. */
static bool start_superd(struct guard *guard)
{
	pid_t pid;

	if (guard->page->faults >= GUARD_FAULTS_MOST)
		drop_state(guard->page);
	guard->page->has_begun = false;
	pid = open_channel(guard) ? clone_sharing_descriptors() : -1;
	if (pid == 0) {
		become_superd(guard);
		return true;
	}
	guard->superd = pid > 0 ? pid : 0;
	guard->since = clock_now();
	guard->reported = 0;
	if (pid > 0)
		setpgid(pid, pid);
	return false;
}

static double seconds_of(struct timeval time)
{
	return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

/* Tells superd of the first child that has ended, unless it has been told of one already. */
static void report_end(struct guard *guard)
{
	struct guard_message message = { .kind = GUARD_ENDED };
	struct rusage usage;
	siginfo_t ended = { 0 };

	if (guard->reported)
		return;
	if (syscall(SYS_waitid, P_ALL, 0, &ended, WEXITED | WNOHANG | WNOWAIT, &usage) < 0 || ended.si_pid <= 0 ||
	    ended.si_pid == guard->superd)
		return;
	message.pid = ended.si_pid;
	message.status = ended.si_code == CLD_EXITED ? (ended.si_status & 0xff) << 8
		: ended.si_status | (ended.si_code == CLD_DUMPED ? WCOREFLAG : 0);
	message.cpu = seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
	if (send(guard->page->own_end, &message, sizeof(message), MSG_NOSIGNAL) == (ssize_t)sizeof(message))
		guard->reported = message.pid;
}

static void hear_superd(struct guard *guard)
{
	union {
		struct guard_message message;
		char room[sizeof(struct guard_message) + GUARD_PATH_MOST];
	} got;
	ssize_t length;

	while ((length = recv(guard->page->own_end, got.room, sizeof(got.room) - 1, 0)) >=
	       (ssize_t)sizeof(got.message)) {
		got.room[length] = '\0';
		if (got.message.kind == GUARD_REAP && got.message.pid == guard->reported) {
			waitpid(guard->reported, NULL, WNOHANG);
			guard->reported = 0;
			report_end(guard);
		} else if (got.message.kind == GUARD_UPGRADE) {
			snprintf(guard->program, sizeof(guard->program), "%s", got.message.path);
		}
	}
}

/* superd was stopped on its terminal: so is the guard, for the shell to see, and both go on together. */
static void stop_with_superd(struct guard *guard)
{
	siginfo_t stopped = { 0 };

	if (!guard->has_terminal || waitid(P_PID, (id_t)guard->superd, &stopped, WSTOPPED | WNOHANG) < 0 ||
	    stopped.si_pid != guard->superd)
		return;
	tcsetpgrp(STDIN_FILENO, getpgrp());
	raise(SIGSTOP);
	tcsetpgrp(STDIN_FILENO, guard->superd);
	kill(-guard->superd, SIGCONT);
}

/* superd itself signals all processes at its end as process 2 of a container. */
static void pass_signals(struct guard *guard)
{
	struct signalfd_siginfo signal;

	while (read(guard->page->signals, &signal, sizeof(signal)) == (ssize_t)sizeof(signal)) {
		int number = (int)signal.ssi_signo;

		if (number == SIGCHLD && guard->superd)
			stop_with_superd(guard);
		if (number == SIGCHLD || ((pid_t)signal.ssi_pid == guard->superd && guard->superd))
			continue;
		if (signal_is_stop(number))
			guard->page->stop_signal = number;
		if (guard->superd)
			kill(guard->superd, number);
	}
}

static void wait_for_events(struct guard *guard, int timeout)
{
	struct pollfd fds[] = {
		{ .fd = guard->page->signals, .events = POLLIN },
		{ .fd = guard->superd ? guard->page->own_end : -1, .events = POLLIN },
	};

	poll(fds, 2, timeout);
	pass_signals(guard);
	if (guard->superd) {
		hear_superd(guard);
		report_end(guard);
	}
}

/* Whether superd has ended, with its wait status. */
static bool has_ended(struct guard *guard, int *status)
{
	if (waitpid(guard->superd, status, WNOHANG) != guard->superd)
		return false;
	hear_superd(guard);             /* its last message */
	guard->superd = 0;
	if (guard->has_terminal)
		tcsetpgrp(STDIN_FILENO, getpgrp());
	return true;
}

/* Lets superd's descriptors outlive an exec. The next superd sets their flags anew. */
static void keep_descriptors(const struct guard *guard)
{
	struct rlimit limit;
	int most = DESCRIPTORS_MOST;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_max < (rlim_t)most)
		most = (int)limit.rlim_max;
	for (int fd = STDERR_FILENO + 1; fd < most; fd++) {
		int flags = fcntl(fd, F_GETFD);

		if (flags > 0 && fd != guard->page->signals)
			fcntl(fd, F_SETFD, flags & ~FD_CLOEXEC);
	}
}

/* Becomes the program of an upgrade. If that fails, the program of before goes on with the state. */
static void execute_upgrade(struct guard *guard)
{
	guard->page->cause = GUARD_SUCCEEDS;
	fd_close(&guard->page->own_end);
	fd_close(&guard->page->channel);
	keep_descriptors(guard);
	own_privileges_restore_inheritable();
	execve(guard->program, guard->arguments, environ);
	own_privileges_clear_inheritable_again();
	guard->program[0] = '\0';
}

static bool is_fault(int status)
{
	int number = WIFSIGNALED(status) ? WTERMSIG(status) : 0;

	return number == SIGSEGV || number == SIGBUS || number == SIGABRT || number == SIGILL || number == SIGFPE ||
	       number == SIGTRAP || number == SIGSYS;
}

/* On a slow machine a superd may take long to begin. */
static void count_death(struct guard *guard, int status)
{
	struct guard_page *page = guard->page;
	bool was_young = !page->has_begun || clock_now() - guard->since < LIVED;

	page->failures = was_young ? page->failures + 1 : 1;
	page->faults = was_young && is_fault(status) ? page->faults + 1 : 0;
}

static void pause_after_failures(struct guard *guard)
{
	double until;
	int64_t pause;

	if (guard->page->failures < 2)
		return;
	pause = guard->page->failures > 9 ? PAUSE_MOST : (int64_t)PAUSE_LEAST << (guard->page->failures - 2);
	until = clock_now() + (double)(pause < PAUSE_MOST ? pause : PAUSE_MOST) / 1e3;
	while (!guard->page->stop_signal && clock_now() < until)
		wait_for_events(guard, (int)((until - clock_now()) * 1e3) + 1);
}

/* Ends as superd has ended, and leaves no zombie to the next process. Process 1 has no signal of its own to end by. */
static _Noreturn void end_guard(int status)
{
	sigset_t ends;

	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	if (WIFEXITED(status))
		_exit(WEXITSTATUS(status));
	sigemptyset(&ends);
	sigaddset(&ends, WTERMSIG(status));
	kill(getpid(), WTERMSIG(status));
	sigprocmask(SIG_UNBLOCK, &ends, NULL);
	_exit(128 + WTERMSIG(status));
}

/* The table may take long to be read, and superd to be interrupted meanwhile: as it never served, it is not missed. */
static bool was_interrupted(const struct guard *guard, int status)
{
	return guard->page->cause == GUARD_FRESH && guard->page->stop_signal &&
	       WTERMSIG(status) == guard->page->stop_signal;
}

/* Waits for superd's end, and for the time of the next. */
static void follow_superd(struct guard *guard)
{
	int status;

	report_end(guard);              /* a child may have ended while there was no superd */
	while (!has_ended(guard, &status))
		wait_for_events(guard, -1);
	if (guard->program[0]) {
		execute_upgrade(guard);
		return;
	}
	if (WIFEXITED(status) || was_interrupted(guard, status))
		end_guard(status);
	guard->page->cause = GUARD_RESTARTS;
	guard->page->death = status;
	count_death(guard, status);
	pause_after_failures(guard);
}

/* With the argument for a guard of an upgrade in front of the others. They have to be there when memory is short. */
static bool set_arguments(struct guard *guard, char *const *arguments)
{
	static char flag[sizeof(GUARD_AGAIN) + 16];
	size_t count = 0;
	char **own;

	while (arguments[count])
		count++;
	own = calloc(count + 2, sizeof(*own));
	if (!own)
		return false;
	snprintf(flag, sizeof(flag), GUARD_AGAIN "%d", guard->page_fd);
	own[0] = arguments[0];
	own[1] = flag;
	for (size_t n = 1; n < count; n++)
		own[n + 1] = arguments[n];
	guard->arguments = own;
	return true;
}

static bool prepare(struct guard *guard, int page, char *const *arguments)
{
	if (!fd_ensure_standard() || !make_page(guard, page) || !set_arguments(guard, arguments) ||
	    !open_signals(guard))
		return false;
	prctl(PR_GET_NAME, guard->name);
	if (getpid() != 1)
		prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	guard->has_terminal = isatty(STDIN_FILENO) && tcgetpgrp(STDIN_FILENO) == getpgrp();
	return true;
}

bool guard_begin(int page, char *const *arguments)
{
	static struct guard guard;
	bool is_first = true;

	if (!prepare(&guard, page, arguments))
		return false;
	for (;;) {
		if (start_superd(&guard))
			return true;
		if (!guard.superd && is_first && page < 0) {
			sigprocmask(SIG_SETMASK, &guard.before, NULL);
			return false;
		}
		if (is_first) {
			self_exe_set_name("superd-guard");
			own_privileges_hide_process();
		}
		is_first = false;
		if (!guard.superd) {
			guard.page->failures++;
			pause_after_failures(&guard);
			continue;
		}
		if (guard.page->stop_signal && guard.page->cause == GUARD_RESTARTS)
			kill(guard.superd, guard.page->stop_signal);
		follow_superd(&guard);
	}
}
