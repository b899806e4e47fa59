/* The stages from a new process to its program. Nothing else of superd runs as root after a fork.
 *
 * The child may run in its parent's memory (CLONE_VM), beside threads. So it writes only to its own job and stack,
 * allocates nothing, and makes system calls directly where libc would coordinate threads (set*id, nptl(7)).
 * tests/lint/after-fork.allow lists what it may call. */
#include "exec/child/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "exec/child/cgroup_join.h"
#include "exec/child/clamp.h"
#include "exec/child/sandbox.h"
#include "exec/child/stages.h"
#include "exec/child/text.h"
#include "lib/build_id.h"
#include "os/foreign/fork_fds.h"
#include "os/host/signals.h"
#include "os/rights/raw_syscall.h"

#define AFTER_MOST 5000                 /* milliseconds */
#define KILLED_MOST 100                 /* the same, for one that was killed */

/* One that takes longer is ended: it must not meet what the program makes. A container may deny pidfds; then nobody
 * waits. */
static int wait_for_other(struct job *job)
{
	struct pollfd process = { .events = POLLIN };

	if (!job->after)
		return 0;
	process.fd = (int)syscall(SYS_pidfd_open, job->after, 0);
	if (process.fd < 0)
		return errno == EMFILE || errno == ENFILE || errno == ENOMEM ? -1 : 0;
	if (!poll(&process, 1, AFTER_MOST)) {
		syscall(SYS_pidfd_send_signal, process.fd, SIGKILL, NULL, 0);
		poll(&process, 1, KILLED_MOST);
	}
	close(process.fd);
	return 0;
}

static int move_fd(int from, int to)
{
	if (from == to)
		return fcntl(to, F_SETFD, 0);
	return dup2(from, to) < 0 ? -1 : 0;
}

/* A source below count that is not at its place would be overwritten: it is first moved out of the way. One source may
 * be wanted at several places. */
int child_arrange(const int *wanted, int count)
{
	int moved[CHILD_DESCRIPTORS];

	if (count > CHILD_DESCRIPTORS) {
		errno = EMFILE;
		return -1;
	}
	for (int n = 0; n < count; n++) {
		moved[n] = wanted[n];
		if (wanted[n] >= 0 && wanted[n] < count && wanted[n] != n) {
			moved[n] = fcntl(wanted[n], F_DUPFD_CLOEXEC, count);
			if (moved[n] < 0)
				return -1;
		}
	}
	for (int n = 0; n < count; n++) {
		if (moved[n] < 0)
			close(n);
		else if (move_fd(moved[n], n) < 0)
			return -1;
	}
	return 0;
}

static int highest_wanted(const struct job *job)
{
	int most = job->file > 2 ? job->file : 2;

	for (int n = 0; n < job->wanted_count; n++) {
		if (job->wanted[n] > most)
			most = job->wanted[n];
	}
	return most;
}

/* Unsharing copies only the descriptors below the limit, so the cost of a start does not depend on the listeners above
 * it. */
static int set_descriptors(struct job *job)
{
	if (job->shares_descriptors && raw_unshare_fds((unsigned)highest_wanted(job) + 1) < 0)
		return -1;
	if (!child_note_pid(job, getpid()))
		_exit(0);
	if (job->file > 0 && job->file < job->wanted_count &&
	    (job->file = fcntl(job->file, F_DUPFD_CLOEXEC, job->wanted_count)) < 0)
		return -1;
	return child_arrange(job->wanted, job->wanted_count);
}

/* The terminal becomes the controlling one, and the user's, as by login(1). If the latter is not allowed, only programs
 * that open it by its path miss something. */
static int take_terminal(const struct job *job)
{
	const struct account *account = job->plan->account;

	if (ioctl(job->terminal, TIOCSCTTY, 0) < 0)
		return -1;
	return account && fchown(job->terminal, account->uid, (gid_t)-1) < 0 && errno != EPERM ? -1 : 0;
}

static int set_session(struct job *job)
{
	if (!job->plan->foreground && setsid() < 0)
		return -1;
	if (!job->plan->foreground)
		return job->terminal ? take_terminal(job) : 0;
	if (setpgid(0, 0) < 0)
		return -1;
	if (job->plan->takes_terminal)  /* all signals are blocked here, SIGTTOU too */
		tcsetpgrp(STDIN_FILENO, getpid());
	return 0;
}

static int set_nice(struct job *job)
{
	return job->plan->nice ? clamp_nice(job->plan->nice) : 0;
}

static int set_oom_score(struct job *job)
{
	if (!job->plan->oom_score[0])
		return 0;
	return clamp_oom_score(job->plan->oom_score) == 0 || job->plan->oom_score_optional ? 0 : -1;
}

static int set_limits(struct job *job)
{
	for (size_t n = 0; n < job->plan->limit_count; n++) {
		const struct plan_limit *limit = &job->plan->limits[n];

		job->fault.resource = limit->resource;
		if (clamp_rlimit(limit->resource, &limit->value) < 0)
			return -1;
	}
	if (!job->mark)
		return 0;
	job->fault.resource = RLIMIT_LOCKS;
	return clamp_rlimit(RLIMIT_LOCKS, &(struct rlimit){ (rlim_t)job->mark, (rlim_t)job->mark });
}

static int set_groups(struct job *job)
{
	const struct account *account = job->plan->account;

	if (!account)
		return 0;
	if (!account->keeps_groups && raw_set_groups(account->group_count, account->groups) < 0)
		return -1;
	return raw_set_gid(account->gid);
}

static int set_user(struct job *job)
{
	return job->plan->account ? raw_set_euid(job->plan->account->uid) : 0;
}

/* Sets all user ids. As long as the real user is root, the service's user cannot signal this process. If that user
 * could stop it earlier, superd would be stopped too, as it waits for the exec, until superd/spawn/spawn_timeout kills
 * it. */
static int set_identity(struct job *job)
{
	if (!job->plan->account)
		return 0;
	if (child_keep_over_user(job->plan) < 0)
		return -1;
	return raw_set_uid(job->plan->account->uid);
}

static int set_directory(struct job *job)
{
	const struct plan *plan = job->plan;

	if (!plan->directory || chdir(plan->directory) == 0)
		return 0;
	if (!plan->directory_optional)
		return -1;
	return chdir("/");
}

/* A handler would run in superd's memory as soon as signals are unblocked; the exec, which resets handlers, comes too
 * late. */
static int reset_handlers(void)
{
	struct sigaction plain = { .sa_handler = SIG_DFL };
	int signal;

	for (size_t n = 0; (signal = signals_handled(n)); n++) {
		if (sigaction(signal, &plain, NULL) < 0)
			return -1;
	}
	return 0;
}

/* The main command inherits signals as if superd were not there, so nohup(1) still works for it. */
static int restore_inherited_signals(const struct inherited_signals *found)
{
	struct sigaction ignored = { .sa_handler = SIG_IGN };

	for (int signal = 1; signal < NSIG; signal++) {
		if (sigismember(&found->ignored, signal) == 1 && sigaction(signal, &ignored, NULL) < 0)
			return -1;
	}
	return sigprocmask(SIG_SETMASK, &found->blocked, NULL);
}

/* superd ignores no signals, so after the exec all have their default action, except SIGPIPE if it is to be ignored. */
static int set_signals(struct job *job)
{
	struct sigaction ignored = { .sa_handler = SIG_IGN };
	sigset_t none;

	if (job->has_handlers && reset_handlers() < 0)
		return -1;
	if (job->plan->signals)
		return restore_inherited_signals(job->plan->signals);
	if (job->plan->ignores_sigpipe && sigaction(SIGPIPE, &ignored, NULL) < 0)
		return -1;
	sigemptyset(&none);
	return sigprocmask(SIG_SETMASK, &none, NULL);
}

static int execute_program(struct job *job)
{
	return job->file > 0 ? raw_execute(job->file, job->argv, job->environment)
			     : execve(job->command->program, job->argv, job->environment);
}

/* In their order, which counts: a stage may need a right that a later one gives up. superd-exec has those that are
 * missing. */
static int (*const stages[STAGES])(struct job *) = {
	[STAGE_AFTER] = wait_for_other,
	[STAGE_STREAMS] = stream_files_open,
	[STAGE_CGROUP] = cgroup_join,
	[STAGE_DESCRIPTORS] = set_descriptors,
	[STAGE_HOLD] = stage_hold,
	[STAGE_SESSION] = set_session,
	[STAGE_NICE] = set_nice,
	[STAGE_OOM_SCORE] = set_oom_score,
	[STAGE_CPUS] = stage_cpus,
	[STAGE_IO_PRIORITY] = stage_io_priority,
	[STAGE_SCHEDULING] = stage_scheduling,
	[STAGE_PERSONALITY] = stage_personality,
	[STAGE_LIMITS] = set_limits,
	[STAGE_BOUNDING] = stage_bounding,
	[STAGE_GROUPS] = set_groups,
	[STAGE_USER] = set_user,
	[STAGE_DIRECTORY] = set_directory,
	[STAGE_SIGNALS] = set_signals,
	[STAGE_IDENTITY] = set_identity,
	[STAGE_AMBIENT] = stage_ambient,
	[STAGE_SECURE_BITS] = stage_secure_bits,
	[STAGE_KEYRING] = stage_keyring,
	[STAGE_NO_NEW_PRIVILEGES] = stage_no_new_privileges,
	[STAGE_BIND_FILTER] = stage_bind_filter,
	[STAGE_EXEC] = execute_program,
};

/* Whether a command's prefix makes it skip a stage: + skips all that takes rights away, ! the change of user
 * (systemd.service(5)). */
static bool skips_stage(const struct job *job, int stage)
{
	static const bool rights[STAGES] = {
		[STAGE_MAPPER] = true,
		[STAGE_PROFILE] = true, [STAGE_NAMESPACES] = true, [STAGE_MOUNTS] = true, [STAGE_GROUPS] = true,
		[STAGE_PRIVATE_USERS] = true, [STAGE_BOUNDING] = true, [STAGE_USER] = true, [STAGE_IDENTITY] = true,
		[STAGE_SECURE_BITS] = true, [STAGE_KEYRING] = true,
		[STAGE_NO_NEW_PRIVILEGES] = true, [STAGE_SYSTEM_CALLS] = true,
	};
	static const bool identity[STAGES] = {
		[STAGE_GROUPS] = true, [STAGE_USER] = true, [STAGE_IDENTITY] = true,
	};
	unsigned flags = job->command->flags;

	return (flags & COMMAND_PRIVILEGED && rights[stage]) || (flags & COMMAND_SAME_IDENTITY && identity[stage]);
}

/* Fills in variables with the pid, which only the child knows. */
static void write_variables(struct job *job)
{
	uint64_t id;

	if (job->listen)
		text_write_variable(job->listen_pid, "LISTEN_PID=", (uint64_t)getpid());
	if (job->watched)
		text_write_variable(job->watchdog_pid, "WATCHDOG_PID=", (uint64_t)getpid());
	if (!job->tells_unit)
		return;
	text_write_variable(job->exec_pid, "SYSTEMD_EXEC_PID=", (uint64_t)getpid());
	if (!job->listen)
		return;
	if (raw_pidfd_id(&id) == 0)
		text_write_variable(job->pidfd_id, "LISTEN_PIDFDID=", id);
	else
		*job->pidfd_id_at = NULL;
}

_Noreturn void child_fail(struct job *job, enum stage stage)
{
	const struct fault fault = { stage, errno, job->fault.resource };

	job->fault = fault;
	_exit(job->report >= 0 && write(job->report, &fault, sizeof(fault)) < 0 ? 126 : 127);
}

_Noreturn void child_run(struct job *job, enum stage first, int (*const more[STAGES])(struct job *))
{
	for (int stage = first; stage < STAGES; stage++) {
		int (*go)(struct job *) = stages[stage] || !more ? stages[stage] : more[stage];

		job->stage = (enum stage)stage;
		if (stage == STAGE_CGROUP) {
			write_variables(job);
			if (job->plan->umask != (mode_t)-1)
				umask(job->plan->umask);
		}
		if (go && !skips_stage(job, stage) && go(job) < 0)
			child_fail(job, (enum stage)stage);
	}
	_exit(127);
}

bool child_needs_program(const struct job *job)
{
	return child_sandbox(job) || job->plan->credentials || job->checks || job->plan->root;
}

/* Executes superd-exec, with the descriptors where they are. */
static _Noreturn void become_program(struct job *job)
{
	char record[DECIMAL_DIGITS + 1], report[DECIMAL_DIGITS + 1];
	char *arguments[] = { (char *)(uintptr_t)"superd-exec", (char *)(uintptr_t)build_word(), record, report, NULL };

	text_write_variable(record, "", (uint64_t)job->record);
	text_write_variable(report, "", (uint64_t)job->report);
	for (int n = 0; n < job->wanted_count; n++)
		fcntl(job->wanted[n], F_SETFD, 0);
	if (job->file > 0)
		fcntl(job->file, F_SETFD, 0);
	fcntl(job->record, F_SETFD, 0);
	fcntl(job->report, F_SETFD, 0);
	raw_execute_own(job->plan->executor, arguments);
	child_fail(job, STAGE_PROGRAM);
}

_Noreturn void child_run_apart(struct job *job)
{
	raw_raise_effective();
	if (geteuid() != 0 && job->plan->oom_score[0])
		raw_set_dumpable();
	if (job->into > 0)
		cgroup_enter(job->into);        /* if that fails, it stays outside */
	if (job->record >= 0)
		become_program(job);
	fork_fds_close_others(job->wanted, job->wanted_count, job->report, job->file);
	child_run(job, STAGE_AFTER, NULL);
}
