/* The guard: superd's parent, which shares its table of descriptors (CLONE_FILES), so that none closes when superd
 * dies. It starts superd, and another one when that has died; it reaps what is not superd's child, and notes for superd
 * how it ended; it passes signals on, and speaks for superd to the service manager, whose main process it is.
 * For an upgrade superd ends, and the guard executes the new program in its own process.
 *
 * It does little, as it must not fail: it allocates nothing once it runs, and reads nothing but the notes of superd. */
#include "superd/daemon.h"

#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>

#define LIVED 1.	   /* seconds after which a superd that dies is started anew at once */
#define PAUSE_LEAST 100000 /* microseconds, for the second superd in a row that dies young */
#define PAUSE_MOST 30000000
#define DEATHS_MOST 3	       /* within the start; the next superd gets nothing but the sockets */
#define PATIENT 9	       /* superds in a row that ended in their start by themselves, before these count, too */
#define ABORT_LIMIT 2000       /* milliseconds that a superd which hangs has for its end by SIGABRT */
#define RETRY .1	       /* seconds until the manager, or room for an end, is tried once more */
#define DESCRIPTORS_USUAL 1024 /* more room for them is made once superd knows how many it needs */
#define NOTE_MOST 4096	       /* bytes of a text for the service manager */

static struct guard none = { .fds = { -1, -1, -1, -1, -1, -1 } }; /* there is no guard */
struct guard *guard = &none;

#define MAGIC "superd page 2"

static char **next_arguments; /* of the program that this becomes: the second is the page */
static pid_t dead;	      /* the superd before, whose process group a child has until its line is written */

pid_t guard_first_pid(void)
{
	return guard->pid ? guard->pid : getpid();
}

bool guard_owns_fd(int fd)
{
	bool is_it = false;

	for (size_t n = 0; n < sizeof(guard->fds) / sizeof(int); n++)
		is_it |= fd == guard->fds[n];
	return is_it;
}

bool guard_drops_state(void)
{
	return guard->deaths >= DEATHS_MOST;
}

/* A signal has come: of the guard's children that have ended, or of its own death. */
void guard_hear(void)
{
	while (guard->heard != guard->ends) {
		const struct guard_end end = guard->ended[guard->heard++ % GUARD_ENDS];
		const struct rusage used = { .ru_utime = { end.cpu / 1000000, end.cpu % 1000000 } };

		child_ended(end.pid, end.status, &used);
	}
}

bool guard_is_lost(void)
{
	return guard->pid && getppid() != guard->pid;
}

/* false and errno; EAGAIN: it has to wait. */
bool guard_notify(const char *name, const char *text, int descriptor)
{
	char note[NOTE_MOST];
	size_t length = (size_t)snprintf(note, sizeof(note), "%s%c%s", name, 0, text);

	if (!guard->pid && guard->sender < 0 && (guard->sender = notify_socket_sender()) < 0)
		return false;
	if (!guard->pid)
		return notify_socket_send_fd(guard->sender, name, text, descriptor);
	errno = EMSGSIZE;
	return length < sizeof(note) &&
		fd_message_send(guard->notes[0], note, length, &descriptor, descriptor >= 0, MSG_DONTWAIT);
}

/* ---- the guard's own process ---- */

/* false: the manager cannot hear now, and is told later. */
static bool tell_manager(void)
{
	static char note[NOTE_MOST];
	static int fd = -1;
	static bool is_told; /* that it cannot */

	for (;;) {
		size_t count = 1;

		if (!*note) {
			ssize_t length =
				fd_message_receive(guard->notes[1], note, sizeof(note) - 1, &fd, &count, MSG_DONTWAIT);

			if (length <= 0)
				return length == 0 || errno == EAGAIN;
			note[length] = '\0';
		}
		if (!notify_socket_send_fd(guard->sender, note, note + strlen(note) + 1, fd)) {
			bool again = errno == EAGAIN || errno == ENOBUFS || errno == ENOMEM;

			if (!again || !is_told)
				fprintf(stderr, "superd-guard: cannot report to NOTIFY_SOCKET %s: %s\n", note,
					strerror(errno));
			is_told = again;
			if (again)
				return false;
		}
		is_told = false;
		*note = '\0';
		fd_close(&fd);
	}
}

/* Passes on what comes until superd has ended, or, without one (child 0), until the time. false: it is over. */
static bool guard_turn(pid_t child, double until, int *status)
{
	static double abort_until;
	bool told = tell_manager(), has_room = true;
	struct pollfd wait[] = { { guard->signals, POLLIN, 0 }, { told ? guard->notes[1] : -1, POLLIN, 0 } };
	struct signalfd_siginfo info;
	double left = until - clock_now();
	siginfo_t ended = { 0 };
	long used[18]; /* as the kernel has struct rusage, which is not that of each libc */

	/* First, as the signal of an end may have come before an exec. An end is noted before the process has gone:
	 * superd takes one that has gone, and of which nobody tells, for one of its own. While there is no room for
	 * another note, superd's own end alone is looked for. */
	while (syscall(SYS_waitid, has_room ? P_ALL : P_PID, child, &ended, WEXITED | WNOHANG | WNOWAIT, used) == 0 &&
	       ended.si_pid) {
		*status = ended.si_code == CLD_EXITED ? ended.si_status << 8
						      : ended.si_status | (ended.si_code == CLD_DUMPED ? 0x80 : 0);
		if (ended.si_pid == child) {
			waitpid(child, NULL, WNOHANG);
			abort_until = 0;
			return false;
		}
		has_room = guard->ends - guard->kept < GUARD_ENDS;
		if (has_room) {
			guard->ended[guard->ends % GUARD_ENDS] =
				(struct guard_end){ ended.si_pid, *status,
						    ((int64_t)used[0] + used[2]) * 1000000 + used[1] + used[3] };
			guard->ends++;
			waitpid(ended.si_pid, NULL, WNOHANG);
			if (child)
				kill(child, SIGCHLD);
		}
		ended.si_pid = 0;
	}
	told &= has_room;
	if (abort_until > 0 && (until <= 0 || abort_until < until))
		left = abort_until - clock_now();
	if (!told && ((until <= 0 && abort_until <= 0) || left > RETRY))
		left = RETRY;
	poll(wait, 2, told && until <= 0 && abort_until <= 0 ? -1 : left <= 0 ? 0 : (int)(left * 1e3) + 1);
	while (read(guard->signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		int number = (int)info.ssi_signo;
		pid_t foreground = tcgetpgrp(STDIN_FILENO);
		siginfo_t stopped = { 0 };

		/* superd was stopped: so is the guard, for the shell to see. */
		if (number == SIGCHLD && child && foreground > 0 &&
		    waitid(P_PID, (id_t)child, &stopped, WSTOPPED | WNOHANG) == 0 && stopped.si_pid == child) {
			if (foreground == child)
				tcsetpgrp(STDIN_FILENO, getpgrp());
			raise(SIGSTOP);
			if (tcgetpgrp(STDIN_FILENO) == getpgrp())
				tcsetpgrp(STDIN_FILENO, child);
		}
		/* The kernel's of a broken pipe is the guard's own; superd signals all at the end of a container. */
		if (number == SIGCHLD || (number == SIGPIPE && (pid_t)info.ssi_pid == getpid()) ||
		    (child && (pid_t)info.ssi_pid == child))
			continue;
		if (signal_is_stop(number))
			guard->stop = number;
		if (number == SIGABRT && child) { /* the manager's watchdog */
			kill(child, SIGABRT);
			kill(child, SIGCONT);
			abort_until = clock_now() + ABORT_LIMIT / 1e3;
			continue;
		}
		if (number == SIGHUP || number == SIGUSR1 || number == SIGUSR2)
			guard->orders |= UINT64_C(1) << (number - 1);
		/* A stop says by whom it is, unless too many signals wait. */
		if (child && !(signal_is_stop(number) &&
			       sigqueue(child, number, (union sigval){ .sival_int = (int)info.ssi_pid }) == 0))
			kill(number == SIGCONT ? -child : child, number);
	}
	if (child && abort_until > 0 && clock_now() >= abort_until) {
		kill(child, SIGKILL);
		abort_until = 0;
	}
	return child || (!guard->stop && clock_now() < until);
}

/* The terminal that superd or its main command had. A shell that has put both into the background keeps it. */
static void take_terminal(pid_t ended)
{
	pid_t group = tcgetpgrp(STDIN_FILENO);
	siginfo_t child;

	if (group > 0 &&
	    (group == ended || (kill(-group, 0) < 0 && errno == ESRCH) ||
	     waitid(P_PID, (id_t)group, &child, WEXITED | WNOHANG | WNOWAIT) == 0))
		tcsetpgrp(STDIN_FILENO, getpgrp());
}

/* Ends as superd has ended. */
static _Noreturn void end_guard(int status)
{
	sigset_t ends;

	tell_manager();
	while (waitpid(-1, NULL, WNOHANG) > 0)
		continue;
	if (WIFEXITED(status))
		_exit(WEXITSTATUS(status));
	sigemptyset(&ends);
	sigaddset(&ends, WTERMSIG(status));
	kill(getpid(), WTERMSIG(status));
	sigprocmask(SIG_UNBLOCK, &ends, NULL);
	_exit(128 + WTERMSIG(status));
}

static bool make_page(void)
{
	struct guard *made;
	sigset_t all;
	int ends[2], own = fd_raise(memfd_create("superd-guard", MFD_CLOEXEC), FD_HIGH);

	made = own < 0 || fallocate(own, 0, 0, sizeof(*guard)) < 0 /* later there may be no memory for it */
		? MAP_FAILED
		: mmap(NULL, sizeof(*guard), PROT_READ | PROT_WRITE, MAP_SHARED, own, 0);
	if (made == MAP_FAILED) {
		fd_close(&own);
		return false;
	}
	memcpy(made->magic, MAGIC, sizeof(MAGIC));
	made->own = own;
	made->pid = getpid();
	made->journal = fd_raise(memfd_create("superd-journal", MFD_CLOEXEC), FD_HIGH);
	made->notes[0] = made->notes[1] = -1;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0) {
		made->notes[0] = fd_raise(ends[0], FD_HIGH);
		made->notes[1] = fd_raise(ends[1], FD_HIGH);
	}
	made->sender = notify_socket_sender();
	sigfillset(&all);
	made->signals = fd_raise(signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK), FD_HIGH);
	if (made->journal >= 0 && made->notes[0] >= 0 && made->signals >= 0) {
		guard = made;
		return true;
	}
	for (size_t n = 0; n < sizeof(made->fds) / sizeof(int); n++)
		fd_close(&made->fds[n]);
	return false;
}

/* A page that is there: if it cannot be mapped, memory is short. Another program hangs on that, so it tries again. */
static struct guard *map(int fd, int protection)
{
	struct guard *found = MAP_FAILED;
	struct stat status;
	unsigned tries = 0;

	do {
		errno = EINVAL;
		if (fstat(fd, &status) == 0 && status.st_size >= (off_t)sizeof(*found))
			found = mmap(NULL, sizeof(*found), protection, MAP_SHARED, fd, 0);
	} while (found == MAP_FAILED && (errno == ENOMEM || errno == EAGAIN) && patience_wait(&tries));
	return found;
}

/* The journal that a page leads to. is_it: its guard has executed this program; false: superd asks whether it could. */
int guard_journal_of(int fd, bool *is_it)
{
	struct guard *of = map(fd, PROT_READ);
	int found = -1;

	*is_it = false;
	if (of == MAP_FAILED)
		return -1;
	if (!memcmp(of->magic, MAGIC, sizeof(MAGIC))) {
		*is_it = of->pid == getpid();
		found = of->journal;
	}
	munmap(of, sizeof(*of));
	return found;
}

/* This program is given the page, in front of superd's own arguments. It returns if that fails, with errno. */
void guard_execute(const char *program)
{
	char argument[40];

	snprintf(argument, sizeof(argument), GUARD_AGAIN "%d", guard->own);
	next_arguments[1] = argument;
	execv(program, next_arguments);
}

/* Lets these open over an exec, or not. */
void guard_pass(bool passed)
{
	if (guard->pid)
		self_exe_pass(guard->fds, sizeof(guard->fds) / sizeof(int), passed);
}

/* superd ends, and the guard becomes this program. */
_Noreturn void guard_upgrade_to(const char *program)
{
	guard_pass(true);
	text_copy(guard->program, sizeof(guard->program), program);
	guard->upgrades = true;
	_exit(0);
}

/* ---- the next superd, before it opens anything ---- */

enum { NAMED = 1, LEFT = 2 };

static unsigned char *left; /* by number: what the journal names, and of that what is open; NULL: all that is open */

static void name_fd(void *context, int fd)
{
	(void)context;
	if (fd >= 0 && fd < FD_MOST)
		left[fd] = NAMED;
}

bool guard_left_fd(int fd)
{
	return !left || fd >= FD_MOST || left[fd] == LEFT;
}

/* What the dead superd had beside the lines of its journal is closed for both; its children that had not written
 * their line yet end. all: nothing of it is believed but its sockets, and all that superds have started ends; none of
 * that is in the guard's own group, where what a script has started is before it became the guard. */
void guard_sweep(bool has_journal, bool all)
{
	pid_t *children = process_list_children_of(guard->pid);
	unsigned from = STDERR_FILENO + 1;
	int64_t given = 0;

	left = calloc(1, FD_MOST);
	if (!left)
		state_fail();
	journal_each_fd(name_fd, NULL);
	for (size_t n = 0; n < sizeof(guard->fds) / sizeof(int); n++)
		name_fd(NULL, guard->fds[n]);
	name_fd(NULL, daemonize_channel());
	if (!has_journal && getenv("LISTEN_PID") && getenv("LISTEN_FDS") && !scan_count(getenv("LISTEN_FDS"), &given)) {
		for (int fd = STDERR_FILENO + 1; fd <= STDERR_FILENO + given && fd < FD_MOST; fd++)
			name_fd(NULL, fd);
	}
	for (int fd = (int)from; fd < FD_MOST; fd++) {
		if (!left[fd])
			continue;
		if (fcntl(fd, F_GETFD) >= 0)
			left[fd] = LEFT;
		fd_close_range(from, (unsigned)fd - 1);
		from = (unsigned)fd + 1;
	}
	fd_close_range(from, UINT_MAX);
	for (pid_t *child = children; child && *child; child++) {
		struct process process;

		if (*child != getpid() && process_read(*child, &process) &&
		    (all ? process.group != getpgid(guard->pid)
			 : dead && process.group == dead && !journal_names_pid(*child)))
			kill(*child, SIGKILL);
	}
	free(children);
}

/* Returns in each superd that it starts. fd: the page of a guard that has executed another program; -1: the first. */
bool guard_begin(int fd, char *const *arguments, const char *name)
{
	int tty = open("/dev/tty", O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	struct sigaction hangup;
	struct guard *passed = fd < 0 ? MAP_FAILED : map(fd, PROT_READ | PROT_WRITE);
	/* That of the guard which this process was before it was executed anew: not another's, or of another form. */
	bool is_own = passed != MAP_FAILED && !memcmp(passed->magic, MAGIC, sizeof(MAGIC)) && passed->pid == getpid();
	sigset_t all, before;
	unsigned tries = 0;
	size_t count = 0;
	char own[24];

	superd.has_terminal = tty >= 0 && sigaction(SIGHUP, NULL, &hangup) == 0 && hangup.sa_handler != SIG_IGN;
	fd_close(&tty);
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	superd.defaults.signals.blocked = before;
	if (is_own)
		guard = passed;
	while (arguments[count])
		count++;
	while (!(next_arguments = calloc(count + 2, sizeof(*next_arguments))) && is_own && patience_wait(&tries))
		continue;
	if (!next_arguments || !fd_ensure_standard() || (fd < 0 ? !make_page() : !is_own)) {
		errno = fd < 0 || !next_arguments ? errno : EINVAL;
		guard = &none;
		sigprocmask(SIG_SETMASK, &before, NULL);
		return false;
	}
	memcpy(next_arguments + 1, arguments, count * sizeof(*next_arguments));
	next_arguments[0] = arguments[0];
	guard_pass(false);
	cgroup_name_after(guard->pid);
	fd_make_room(DESCRIPTORS_USUAL);
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	for (bool named = false;; named = true) {
		bool has_terminal = tcgetpgrp(STDIN_FILENO) == getpgrp(); /* is in its foreground */
		/* Shares the descriptors, and nothing else. */
		pid_t child = (pid_t)syscall(SYS_clone, CLONE_FILES | SIGCHLD, NULL, NULL, NULL, NULL);
		double begun = clock_now(), until;
		struct backoff row;
		bool could_not, is_killed;
		int status = 0;

		if (child == 0) {
			prctl(PR_SET_PDEATHSIG, SIGTERM);
			fork_memory_note(guard, sizeof(*guard));
			if (guard_is_lost())
				raise(SIGTERM);
			setpgid(0, 0);
			if (has_terminal)
				tcsetpgrp(STDIN_FILENO, getpid());
			prctl(PR_SET_NAME, scan_base_name(arguments[0]), 0, 0, 0);
			snprintf(own, sizeof(own), "%ld", (long)guard->pid);
			guard->heard = guard->kept;
			if (guard->has_journal || !getenv("LISTEN_PID") || strcmp(getenv("LISTEN_PID"), own) != 0) {
				unsetenv("LISTEN_PID"); /* the journal has them, or they are not for superd */
			} else {
				snprintf(own, sizeof(own), "%ld", (long)getpid());
				setenv("LISTEN_PID", own, 1);
			}
			return true;
		}
		if (child < 0 && !named && fd < 0) {
			guard = &none;
			cgroup_name_after(0);
			sigprocmask(SIG_SETMASK, &before, NULL);
			return false;
		}
		if (child < 0 && guard->young < 2)
			fprintf(stderr, "superd-guard: cannot start superd, and tries again: %s\n", strerror(errno));
		if (!named) {
			self_exe_set_name(name ? name : "superd-guard");
			own_privileges_hide_process();
		}
		if (child > 0)
			setpgid(child, child);
		for (int number = 1; child > 0 && number <= 64; number++) {
			if (guard->orders >> (number - 1) & 1)
				kill(child, number);
		}
		if (child > 0 && guard->stop && guard->restarts)
			kill(child, guard->stop);
		while (child > 0 && guard_turn(child, 0, &status))
			continue;
		dead = child > 0 ? child : dead;
		take_terminal(child);
		if (guard->begun)
			guard->upgraded = NOT_UPGRADED;
		if (child > 0 && WIFEXITED(status) && guard->upgrades) {
			guard->upgrades = false;
			guard->upgraded = UPGRADED;
			guard->death = 0;
			guard->restarts = true;
			guard->young = 0;
			guard->begun = false;
			own_privileges_restore_inheritable();
			guard_execute(guard->program);
			guard->refusal = errno;
			own_privileges_clear_inheritable_again();
			guard->upgraded = NOT_UPGRADED;
			guard_pass(false);
			continue; /* the program that runs goes on */
		}
		/* One that could not continue, as for want of memory, ends no service: the next one tries again. */
		could_not = guard->restarts && !guard->begun && !guard->stop;
		if (child > 0 && (WIFEXITED(status) ? !could_not : !guard->restarts && guard->stop && !guard->begun))
			end_guard(status);
		if (guard->upgrades) { /* it was killed on its way out */
			guard->upgrades = false;
			guard_pass(false);
		}
		guard->restarts = true;
		if (WIFSIGNALED(status))
			guard->death = status;
		is_killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
		if (child > 0 && !guard->begun) /* whom others kill has no fault, and ends a row of faults */
			guard->deaths = is_killed ? 0 : guard->deaths + (!WIFEXITED(status) || guard->young >= PATIENT);
		guard->young = !guard->begun || clock_now() - begun < LIVED ? guard->young + 1 : 1;
		guard->begun = false;
		if (guard->young < 2)
			continue;
		row.failures = guard->young - 2 < UCHAR_MAX ? (unsigned char)(guard->young - 2) : UCHAR_MAX;
		until = clock_now() + backoff_next(&row, PAUSE_LEAST, PAUSE_MOST, 0);
		while (guard_turn(0, until, &status))
			continue;
	}
}

/* What the next superd goes on with. */
void guard_tell(const char *version, size_t services, size_t instances)
{
	char name[32];

	if (guard->refusal) {
		log_error(superd.log, "not upgraded: the guard cannot become %s: %s", guard->program,
			  strerror(guard->refusal));
		guard->refusal = 0;
		return;
	}
	if (guard->upgraded != UPGRADED) {
		if (guard->stop || !WIFSIGNALED(guard->death))
			return;
		log_event(superd.log, LEVEL_ERROR, &(struct event){ .name = "restarted" },
			  "signal %s ended superd, and its guard restarted it: %zu service%s, %zu instance%s continue",
			  scan_signal_name(WTERMSIG(guard->death), name), services, services == 1 ? "" : "s", instances,
			  instances == 1 ? "" : "s");
		return;
	}
	guard->upgraded = UPGRADE_IS_LOGGED;
	log_event(superd.log, LEVEL_NOTICE, &(struct event){ .name = "upgraded" },
		  "upgraded from %s to %s: %zu service%s, %zu instance%s", version, build_version(), services,
		  services == 1 ? "" : "s", instances, instances == 1 ? "" : "s");
}
