/* The guard's own process. It does what must not fail, so it does little: it waits for signals and for superd's few
 * messages, and starts superd. It allocates no memory and opens nothing but the channel to the next superd.
 *
 * The next superd is a new child of this process image, which has done nothing since its start but open superd's own
 * programs; an upgrade executes the new program in the guard first. Both keep the table of descriptors. */
#include "os/guard/guard.h"

#include <errno.h>
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

#include "lib/clock.h"
#include "lib/fd.h"
#include "lib/notify_send.h"
#include "lib/patience.h"
#include "lib/scan.h"
#include "os/fs/memory_file.h"
#include "os/guard/guard_page.h"
#include "os/host/program.h"
#include "os/host/self_exe.h"
#include "os/host/signals.h"
#include "os/proc/process.h"
#include "os/rights/own_privileges.h"

#define LIVED 1.                        /* seconds after which a superd that dies is started anew at once */
#define PAUSE_LEAST 100                 /* milliseconds; doubles with each superd in a row that dies young */
#define PAUSE_MOST 30000
#define ABORT_LIMIT 2000                /* milliseconds that a superd that hangs may take to die by SIGABRT */
#define REPORT_RETRY 100                /* milliseconds until a report that could not be sent is sent again */

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
	int64_t abort_until;            /* ms of CLOCK_MONOTONIC: superd, which hangs, is killed then; 0: it does not */
	bool is_unreported;             /* true: the report of a child's end could not be sent, and is sent again */
	bool has_terminal;              /* superd's process group is the foreground one */
	sigset_t before;                /* signal mask of before */
	char name[GUARD_NAME_MOST];     /* of superd's process */
	char *const *arguments;
	char program[GUARD_PATH_MOST];  /* of an upgrade; "": none was ordered */
	bool succeeds;                  /* a superd has offered its place to one of this program */
};

/* The file is older than this version, if it has less. */
static bool has_all_members(int fd)
{
	struct stat file;
	int result;

	if (fstat(fd, &file) < 0)
		return false;
	if (file.st_size >= (off_t)sizeof(struct guard_page))
		return true;
	do
		result = ftruncate(fd, sizeof(struct guard_page));
	while (result < 0 && errno == EINTR);
	return result == 0;
}

static bool make_page(struct guard *guard, int fd)
{
	bool is_new = fd < 0;

	if (is_new)
		fd = fd_raise(memory_open("superd-guard", false), FD_HIGH);
	if (fd < 0 || !has_all_members(fd))
		return false;
	guard->page = mmap(NULL, sizeof(*guard->page), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (guard->page == MAP_FAILED) {
		guard->page = NULL;
		if (is_new)
			close(fd);
		return false;
	}
	guard->page_fd = fd;
	if (is_new) {
		memcpy(guard->page->magic, GUARD_MAGIC, sizeof(GUARD_MAGIC));
		guard->page->successor_state = -1;
		guard->page->areas[0].fd = guard->page->areas[1].fd = -1;
	}
	guard->page->channel = guard->page->own_end = guard->page->signals = -1;
	guard->page->guard = getpid();
	errno = EINVAL;
	return !memcmp(guard->page->magic, GUARD_MAGIC, sizeof(GUARD_MAGIC));
}

/* The superd that has ordered the upgrade waits for the next one. false: it does not any more. The exec has closed the
 * files of its saved state: the state of the upgrade counts, also for a superd behind one that is killed at once. */
static bool begin_succession(struct guard *guard)
{
	int32_t now = SUCCESSION_EXECUTING;

	guard->succeeds = atomic_compare_exchange_strong(&guard->page->succession, &now, SUCCESSION_STARTING);
	errno = ECANCELED;
	if (!guard->succeeds && now != SUCCESSION_NONE)
		return false;
	guard->page->area = -1;
	return true;
}

/* The page says which signals the first guard has found blocked, for superd. */
static bool open_signals(struct guard *guard, bool is_new)
{
	sigset_t all;

	sigfillset(&all);
	for (int number = 1; is_new && number <= 64 && number < NSIG; number++) {
		if (sigismember(&guard->before, number) == 1)
			guard->page->blocked |= UINT64_C(1) << (number - 1);
	}
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

static bool is_running(pid_t pid)
{
	struct process process;

	return kill(pid, 0) == 0 && !(process_read(pid, &process) && process.ended);
}

/* Takes the place of a superd that has offered it, and waits for its end: until then its children are not the guard's.
 * If that superd has withdrawn, as the guard has died, it serves, and this process ends. */
static void take_over(const struct guard *guard)
{
	const struct timespec moment = { .tv_nsec = 1000000 };
	struct guard_page *page = guard->page;
	int32_t now = SUCCESSION_STARTING;

	if (guard->succeeds && !atomic_compare_exchange_strong(&page->succession, &now, SUCCESSION_TAKEN) &&
	    now != SUCCESSION_TAKEN)
		_exit(0);
	while (guard->succeeds && page->predecessor && is_running(page->predecessor))
		nanosleep(&moment, NULL);
	for (int number = 1; number <= 64 && number < NSIG; number++) {
		if (guard->succeeds && page->unheard >> (number - 1) & 1)
			raise(number);
	}
	page->unheard = 0;
}

/* superd has a process group of its own, so that a signal to the guard's group reaches it once. All signals stay
 * blocked until superd has chosen which may end it (superd/process/pid1): an order that comes before is not lost. */
static void become_superd(const struct guard *guard)
{
	prctl(PR_SET_PDEATHSIG, SIGCHLD);       /* superd looks for the guard then (guard_is_lost) */
	take_over(guard);
	setpgid(0, 0);
	if (guard->has_terminal)
		tcsetpgrp(STDIN_FILENO, getpid());
	set_listen_pid(guard);
	self_exe_set_name(guard->name);
	guard_link_begin(guard->page, guard->page_fd);
}

/* A state that kills each superd that reads it, be it an upgrade's, must not be read for ever. */
static void drop_state(struct guard_page *page)
{
	page->area = page->successor_state = -1;
	memset(page->starts, 0, sizeof(page->starts));
	memset(page->promises, 0, sizeof(page->promises));
}

/* As fork(2), but the new process shares the table of descriptors with this one: both open and close for the other. The
 * pid goes to *noted before the process runs. The memory is a copy. The new process is one of the C library's: its
 * thread has the right number, as after fork(3). */
static pid_t clone_superd(int32_t *noted)
{
	struct clone_args arguments = {
		.flags = CLONE_FILES | CLONE_PARENT_SETTID, .exit_signal = SIGCHLD, .parent_tid = (uintptr_t)noted,
	};
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
	if (pid > 0)
		*noted = (int32_t)pid;
	return (pid_t)pid;
}

/* true: this is superd. */
static bool start_superd(struct guard *guard)
{
	pid_t pid;

	if (guard->page->faults >= GUARD_FAULTS_MOST)
		drop_state(guard->page);
	guard->page->has_begun = false;
	atomic_store(&guard->page->notice.state, NOTICE_NONE);
	atomic_store(&guard->page->alive_until, 0);
	pid = open_channel(guard) ? clone_superd(&guard->page->successor) : -1;
	if (pid == 0) {
		become_superd(guard);
		return true;
	}
	guard->superd = pid > 0 ? pid : 0;
	guard->since = clock_now();
	guard->reported = 0;
	guard->is_unreported = false;
	guard->abort_until = 0;
	if (pid > 0)
		setpgid(pid, pid);
	return false;
}

static double seconds_of(struct timeval time)
{
	return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

/* Finds a child that has ended and that is not superd. The superd before is reaped. */
static bool find_ended(struct guard *guard, siginfo_t *ended, struct rusage *usage)
{
	struct guard_page *page = guard->page;

	for (;;) {
		ended->si_pid = 0;
		if (syscall(SYS_waitid, P_ALL, 0, ended, WEXITED | WNOHANG | WNOWAIT, usage) < 0 ||
		    ended->si_pid <= 0 || ended->si_pid == guard->superd)
			return false;
		if (ended->si_pid != page->predecessor)
			return true;
		waitpid(page->predecessor, NULL, WNOHANG);
		page->predecessor = 0;
	}
}

/* Tells superd of the first child that has ended, unless it has been told of one already. */
static void report_end(struct guard *guard)
{
	struct guard_message message = { .kind = GUARD_ENDED };
	struct rusage usage;
	siginfo_t ended = { 0 };
	ssize_t sent;

	guard->is_unreported = false;
	if (guard->reported || !find_ended(guard, &ended, &usage))
		return;
	message.pid = ended.si_pid;
	message.status = ended.si_code == CLD_EXITED ? (ended.si_status & 0xff) << 8
		: ended.si_status | (ended.si_code == CLD_DUMPED ? WCOREFLAG : 0);
	message.cpu = seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
	do
		sent = send(guard->page->own_end, &message, sizeof(message), MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	guard->is_unreported = sent != (ssize_t)sizeof(message);
	if (!guard->is_unreported)
		guard->reported = message.pid;
}

/* A call that fails for want of memory would be made again at once, for as long as that lasts. */
static void rest_after(int error)
{
	const struct timespec moment = { .tv_nsec = 20000000 };

	if (error != EAGAIN && error != EINTR)
		nanosleep(&moment, NULL);
}

/* superd waits meanwhile: its descriptors stay what they are. */
static void send_notice(struct guard_notice *notice)
{
	int32_t now = NOTICE_ASKED;

	if (!atomic_compare_exchange_strong(&notice->state, &now, NOTICE_SENDING)) {
		now = NOTICE_CANCELLED;
		atomic_compare_exchange_strong(&notice->state, &now, NOTICE_NONE);
		return;
	}
	notice->error = notify_socket_send_fd(notice->sender, notice->socket, notice->text, notice->descriptor)
		? 0 : errno;
	atomic_store(&notice->state, NOTICE_DONE);
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
		} else if (got.message.kind == GUARD_NOTIFY) {
			send_notice(&guard->page->notice);
		}
	}
	if (length < 0)
		rest_after(errno);
}

/* SIGABRT ends no process that is stopped. */
static void abort_superd(const struct guard *guard)
{
	kill(guard->superd, SIGABRT);
	kill(guard->superd, SIGCONT);
}

/* In place of a superd that has a watchdog and cannot say it. The descriptor that it sent by is still open. */
static void feed_watchdog(const struct guard *guard)
{
	const struct guard_notice *notice = &guard->page->notice;

	if (atomic_load(&guard->page->alive_until) && *notice->socket)
		notify_socket_send(notice->sender, notice->socket, "WATCHDOG=1");
}

/* Ends a superd that hangs. xinetd's is one that SIGABRT does not end. */
static void end_hung_superd(struct guard *guard)
{
	int64_t until = atomic_load(&guard->page->alive_until), now = clock_ms();

	if (!until || now < (guard->abort_until ? guard->abort_until : until))
		return;
	if (guard->abort_until)
		kill(guard->superd, SIGKILL);
	else
		abort_superd(guard);
	guard->abort_until = now + ABORT_LIMIT;
	feed_watchdog(guard);
}

/* Milliseconds until superd must say again that it does not hang; -1: it does not say. */
static int hang_timeout(const struct guard *guard)
{
	int64_t until = atomic_load(&guard->page->alive_until), left;

	if (!guard->superd || !until)
		return -1;
	left = (guard->abort_until ? guard->abort_until : until) - clock_ms();
	return left < 0 ? 0 : left > INT32_MAX - 1 ? INT32_MAX : (int)left + 1;
}

/* superd was stopped: so is the guard, for the shell to see. The signal that continues the guard is passed on. A
 * terminal that the main command has stays with it. */
static void stop_with_superd(struct guard *guard)
{
	siginfo_t stopped = { 0 };

	if (!guard->has_terminal || waitid(P_PID, (id_t)guard->superd, &stopped, WSTOPPED | WNOHANG) < 0 ||
	    stopped.si_pid != guard->superd)
		return;
	if (tcgetpgrp(STDIN_FILENO) == guard->superd)
		tcsetpgrp(STDIN_FILENO, getpgrp());
	raise(SIGSTOP);
	if (tcgetpgrp(STDIN_FILENO) == getpgrp())
		tcsetpgrp(STDIN_FILENO, guard->superd);
}

static uint64_t bit_of(int number)
{
	return UINT64_C(1) << (number - 1);
}

static bool is_order(int number)
{
	return number == SIGHUP || number == SIGUSR1 || number == SIGUSR2;
}

/* superd itself signals all processes at its end as process 2 of a container. A superd that is dying gets a signal and
 * hears nothing of it: an order is noted until one has taken it. */
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
		if (number == SIGABRT) {        /* a manager's watchdog. It is not for the next one */
			if (guard->superd)
				abort_superd(guard);
			continue;
		}
		if (is_order(number) || (!guard->superd && guard->page->cause == GUARD_SUCCEEDS))
			guard->page->unanswered |= bit_of(number);
		if (guard->superd)              /* SIGCONT continues a whole job */
			kill(number == SIGCONT && guard->has_terminal ? -guard->superd : guard->superd, number);
	}
}

/* superd begins with all of them blocked. */
static void pass_unanswered_signals(struct guard *guard)
{
	for (int number = 1; number <= 64 && number < NSIG; number++) {
		if (!(guard->page->unanswered & bit_of(number)))
			continue;
		kill(guard->superd, number);
		if (!is_order(number))
			guard->page->unanswered &= ~bit_of(number);
	}
	if (guard->page->stop_signal && guard->page->cause == GUARD_RESTARTS)
		kill(guard->superd, guard->page->stop_signal);
}

static int sooner(int timeout, int other)
{
	return timeout < 0 || (other >= 0 && other < timeout) ? other : timeout;
}

static void wait_for_events(struct guard *guard, int timeout)
{
	struct pollfd fds[] = {
		{ .fd = guard->page->signals, .events = POLLIN },
		{ .fd = guard->superd ? guard->page->own_end : -1, .events = POLLIN },
	};

	if (guard->is_unreported)
		timeout = sooner(timeout, REPORT_RETRY);
	timeout = sooner(timeout, hang_timeout(guard));
	if (poll(fds, 2, timeout) < 0)
		rest_after(errno);
	pass_signals(guard);
	if (guard->superd) {
		hear_superd(guard);
		report_end(guard);
		end_hung_superd(guard);
	}
}

/* Whether superd has ended, with its wait status. */
static bool has_ended(struct guard *guard, int *status)
{
	pid_t ended;

	do
		ended = waitpid(guard->superd, status, WNOHANG);
	while (ended < 0 && errno == EINTR);
	if (ended != guard->superd)
		return false;
	hear_superd(guard);             /* its last message */
	guard->page->hung = guard->abort_until != 0;
	if (WIFSIGNALED(*status))       /* the next one has the whole time for its start */
		feed_watchdog(guard);
	if (guard->page->predecessor == guard->superd)
		guard->page->predecessor = 0;
	guard->superd = 0;
	if (guard->has_terminal)
		tcsetpgrp(STDIN_FILENO, getpgrp());
	return true;
}

/* Becomes the program of an upgrade, while the superd that has ordered it waits. If that fails, it goes on. */
static void execute_upgrade(struct guard *guard)
{
	struct guard_page *page = guard->page;
	int32_t now = SUCCESSION_OFFERED, cause = page->cause;

	if (atomic_compare_exchange_strong(&page->succession, &now, SUCCESSION_EXECUTING)) {
		page->cause = GUARD_SUCCEEDS;
		own_privileges_restore_inheritable();
		execve(guard->program, guard->arguments, environ);
		page->refusal = errno;
		own_privileges_clear_inheritable_again();
		page->cause = cause;
		atomic_store(&page->succession, SUCCESSION_REFUSED);
	}
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
	while (!has_ended(guard, &status)) {
		wait_for_events(guard, -1);
		if (guard->program[0])
			execute_upgrade(guard);
	}
	if (guard->program[0])
		execute_upgrade(guard);
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

/* A superd that offers its place is still the foreground process group. */
static bool is_in_front(const struct guard *guard)
{
	pid_t front = isatty(STDIN_FILENO) ? tcgetpgrp(STDIN_FILENO) : -1;

	return front > 0 && (front == getpgrp() || front == guard->page->predecessor);
}

/* May be called again after a failure: goes on where that was. false and errno. */
static bool get_resources(struct guard *guard, int page, char *const *arguments)
{
	if (!fd_ensure_standard() || (!guard->page && !make_page(guard, page)))
		return false;
	programs_open(guard->page->programs);
	return (guard->arguments || set_arguments(guard, arguments)) && open_signals(guard, page < 0);
}

/* Nothing but the page of an upgrade leads to the state, so superd would begin anew without it: what is lacking now may
 * be there in a moment. A superd that starts can do without a guard. */
static bool prepare(struct guard *guard, int page, char *const *arguments)
{
	unsigned tries = 0;
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &guard->before);
	while (!get_resources(guard, page, arguments)) {
		int error = errno;

		if (page >= 0 && error != EINVAL && patience_wait(&tries))
			continue;
		sigprocmask(SIG_SETMASK, &guard->before, NULL);
		errno = error;
		return false;
	}
	if (!begin_succession(guard))
		return false;
	if (guard->page->name[0])       /* superd was executed by way of /proc/self/exe */
		self_exe_set_name(guard->page->name);
	guard->page->name[0] = '\0';
	prctl(PR_GET_NAME, guard->name);
	if (getpid() != 1)
		prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	guard->has_terminal = is_in_front(guard);
	return true;
}

bool guard_begin(int page, char *const *arguments, const char *name)
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
			self_exe_set_name(name ? name : "superd-guard");
			own_privileges_hide_process();
		}
		is_first = false;
		if (!guard.superd) {
			guard.page->failures++;
			pause_after_failures(&guard);
			continue;
		}
		pass_unanswered_signals(&guard);
		follow_superd(&guard);
	}
}
