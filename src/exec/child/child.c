/* The stages from a new process to its program. In front of them runs run_child (superd/launch.c). Forks of
 * superd's own that execute nothing begin elsewhere: helper_begin (superd/loop.c), foreign_fork (os/host/foreign.c).
 *
 * The child may run in its parent's memory (CLONE_VM), beside threads. So it writes only to its own job and stack,
 * allocates nothing, and makes system calls directly where libc would coordinate threads (set*id, nptl(7)).
 * tests/lint/after-fork.allow lists what it may call. */
#include "exec/child/child.h"

#include <linux/capability.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

/* The stage of the control group: it creates the service's control group, writes the limits, and moves itself in.
 *
 * The limits come before the move, so the program never runs without them. The child does this, not superd, because a
 * move may block in the kernel (cgroup_threadgroup_rwsem). */

/* Moves the caller into an open group; 0, or -1 and errno. One whose user passes controllers on may have no processes
 * itself: then into the group that systemd has for commands there. */
static int cgroup_enter(int group)
{
	if (fd_write_file(group, "cgroup.procs", "0"))
		return 0;
	if (errno != EBUSY || (syscall(SYS_mkdirat, group, ".control", 0755) < 0 && errno != EEXIST))
		return -1;
	return fd_write_file(group, ".control/cgroup.procs", "0") ? 0 : -1;
}

static int write_settings(struct job *job, const struct cgroup_settings *cgroup_settings, int group)
{
	for (size_t n = 0; n < cgroup_settings->count; n++) {
		const struct cgroup_attribute *line = &cgroup_settings->list[n];

		job->fault.resource = (int)n;
		if (!fd_write_file(group, line->file, line->text) && !(line->optional && errno == ENOENT))
			return -1;
	}
	for (enum cgroup_bpf_kind kind = 0; kind < CGROUP_BPF_KINDS; kind++) {
		job->fault.resource = CGROUP_PROGRAMS + (int)kind;
		if (cgroup_settings->programs[kind].count &&
		    cgroup_bpf_attach(&cgroup_settings->programs[kind], kind, group) < 0)
			return -1;
	}
	job->fault.resource = CGROUP_ITSELF;
	return 0;
}

_Static_assert(CGROUP_DEPTH_MOST == 32, "give_to_user sets it");

/* Gives the user the files for groups below (cgroups(7), "Delegation"), not those with the group's own limits. superd
 * goes through all that he makes, and may not take long for that. */
static int give_to_user(int group, const struct account *account)
{
	static const char *const files[] = { "", "cgroup.procs", "cgroup.threads", "cgroup.subtree_control" };

	for (size_t n = 0; n < sizeof(files) / sizeof(*files); n++) {
		int flags = *files[n] ? 0 : AT_EMPTY_PATH;

		if (syscall(SYS_fchownat, group, files[n], account->uid, account->gid, flags) < 0)
			return -1;
	}
	return fd_write_file(group, "cgroup.max.depth", "32") && fd_write_file(group, "cgroup.max.descendants", "1000")
		? 0 : -1;
}

/* Others see into the group once its settings are complete: a command that failed, or was killed, in front of that
 * leaves them to the next one of its instance. 0, or -1 and errno. */
static int cgroup_join(struct job *job)
{
	const struct account *account = job->plan->account;
	struct stat status;
	int group, result;

	job->fault.resource = CGROUP_ITSELF;
	if (syscall(SYS_mkdirat, AT_FDCWD, job->group, 0700) < 0 && errno != EEXIST)
		return -1;
	group = open(job->group, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (group < 0)
		return -1;
	result = fstat(group, &status);
	if (result == 0 && !(status.st_mode & 077)) {
		result = write_settings(job, job->plan->cgroup_settings, group);
		if (result == 0 && job->plan->flags & PLAN_DELEGATES && account && account->switches)
			result = give_to_user(group, account);
		if (result == 0)
			result = fchmod(group, 0755);
	}
	if (result == 0)
		result = cgroup_enter(group);
	close(group);
	return result;
}

/* Sets limits and priorities, as far as superd may. Source: setrlimit(2), setpriority(2),
 * proc_pid_oom_score_adj(5). Only a missing privilege (EPERM, EACCES) is accepted; any other failure is an error. */

static bool lacks_privilege(void)
{
	return errno == EPERM || errno == EACCES;
}

int clamp_rlimit(int resource, const struct rlimit *wanted)
{
	struct rlimit own, nearest = *wanted;

	if (setrlimit(resource, wanted) == 0)
		return 0;
	if (!lacks_privilege() || prlimit(0, resource, NULL, &own) < 0)
		return -1;
	if (nearest.rlim_max > own.rlim_max)
		nearest.rlim_max = own.rlim_max;
	if (nearest.rlim_cur > nearest.rlim_max)
		nearest.rlim_cur = nearest.rlim_max;
	return setrlimit(resource, &nearest);
}

int clamp_nice(int nice)
{
	return setpriority(PRIO_PROCESS, 0, nice) == 0 || lacks_privilege() ? 0 : -1;
}

int clamp_oom_score(const char *score)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
	bool good = fd >= 0 && (write(fd, score, strlen(score)) >= 0 || lacks_privilege());

	fd_close(&fd);
	return good ? 0 : -1;
}

/* Each stage applies what the start asks for, and runs only if it asks for that (due_stages): 0, or -1 and errno. If it
 * needs a Linux feature that is missing, the stage fails with ENOTSUP. */

/* io_scheduling and cpu_scheduling_policy: ioprio_set(2), sched_setscheduler(2). */
static int stage_io_priority(struct job *job)
{
	return (int)syscall(SYS_ioprio_set, 1 /* IOPRIO_WHO_PROCESS */, 0, job->plan->io_priority);
}

/* By the raw system call: libc's sched_setscheduler has only the POSIX policies, or fails always (musl). */
static int set_scheduling(int policy, int priority)
{
	const struct { int priority; } parameters = { priority };

	return (int)syscall(SYS_sched_setscheduler, 0, policy, &parameters);
}

int clamp_scheduling(int policy, int priority)
{
	return set_scheduling(policy, priority) == 0 || lacks_privilege() ? 0 : -1;
}

static int stage_scheduling(struct job *job)
{
	return set_scheduling(job->plan->cpu_policy, job->plan->cpu_priority);
}

/* The stages that take rights away or keep them: capabilities(7), keyrings(7), PR_SET_NO_NEW_PRIVS of prctl(2). */

#define JOIN_SESSION 1                  /* constants of linux/keyctl.h, which is not installed everywhere */
#define LINK 8
#define SESSION_KEYRING (-3)
#define USER_KEYRING (-4)

static int stage_keyring(struct job *job)
{
	if (syscall(SYS_keyctl, JOIN_SESSION, NULL, 0, 0, 0) < 0) {
		/* A user may have few keyrings (200, /proc/sys/kernel/keys/maxkeys), and each start creates one. If
		 * there are none left, superd's own is as private, as it takes no keys. */
		if (errno == EDQUOT)
			return has_own_keyring && job->plan->keyring == KEYRING_PRIVATE ? 0 : -1;
		/* A kernel without keys, or a seccomp filter that forbids them. */
		return errno == ENOSYS || errno == EPERM ? 0 : -1;
	}
	if (job->plan->keyring != KEYRING_SHARED)
		return 0;
	return syscall(SYS_keyctl, LINK, USER_KEYRING, SESSION_KEYRING, 0, 0) < 0 ? -1 : 0;
}

#define EACH_CAPABILITY(cap) (int cap = 0; cap < 64; cap++)

/* Where superd lacks CAP_SETPCAP, a process that gains no privileges does without the capabilities (stage_ambient). */
static int stage_bounding(struct job *job)
{
	uint64_t bounding = job->plan->bounding;

	for EACH_CAPABILITY(cap) {
		/* EINVAL: this kernel has fewer capabilities. */
		if (!(bounding >> cap & 1) && prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0 && errno != EINVAL)
			return errno == EPERM && job->plan->flags & PLAN_NO_NEW_PRIVILEGES ? 0 : -1;
	}
	return 0;
}

/* Capabilities that a user other than root needs for the remaining stages: filters. */
static uint64_t caps_of_later_stages(const struct plan *plan)
{
	bool has_filters = plan->bind_filter || (plan->sandbox && plan->sandbox->filters);
	bool filters = has_filters && !(plan->flags & PLAN_NO_NEW_PRIVILEGES);

	return filters ? UINT64_C(1) << CAP_SYS_ADMIN : 0;
}

/* Sets the inheritable set to the ambient set, whatever superd was started with: at the exec, root gains the
 * inheritable set beyond the bounding set, and any user the ambient set. No command inherits superd's own ambient set.
 *
 * Another user keeps the ambient set and, up to the exec, what the later stages need (capabilities(7)). A command that
 * stays superd's user keeps superd's permitted set, but not what stage_bounding could not drop: without new privileges
 * that does not come back. */
static int stage_ambient(struct job *job)
{
	const struct plan *plan = job->plan;
	bool has_rights = job->command->flags & COMMAND_PRIVILEGED;
	bool stays = has_rights || job->command->flags & COMMAND_SAME_IDENTITY, is_root = stays || geteuid() == 0;
	uint64_t ambient = stays ? 0 : plan->ambient;
	uint64_t kept = is_root ? UINT64_MAX : ambient | caps_of_later_stages(plan);
	bool is_bounded = is_root && !has_rights && plan->flags & PLAN_NO_NEW_PRIVILEGES;
	struct capability_sets sets;

	for EACH_CAPABILITY(cap) {
		if (is_bounded && !(plan->bounding >> cap & 1) && prctl(PR_CAPBSET_READ, cap, 0, 0, 0) == 1)
			kept &= ~(UINT64_C(1) << cap);
	}
	if (!inheritable_caps_possible && (kept == UINT64_MAX || (!kept && !is_root)))
		return 0;
	if (inheritable_caps_possible && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0 &&
	    errno != EINVAL)
		return -1;
	if (!capabilities_read(&sets))
		return -1;
	sets.inheritable = ambient;
	sets.permitted &= kept;
	sets.effective = sets.permitted;
	if (!capabilities_write(&sets))
		return -1;
	for EACH_CAPABILITY(cap) {
		if (ambient >> cap & 1 && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0) < 0)
			return -1;
	}
	return 0;
}

static int stage_no_new_privileges(struct job *job)
{
	(void)job;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

/* Since Linux 5.19; headers may be older: a signal does not interrupt a call that superd has begun to answer. */
#define WAIT_KILLABLE (1UL << 5)        /* SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV */

/* Returns the filter's descriptor. Without CAP_SYS_ADMIN the kernel demands no_new_privs. */
static int install_filter(const struct sock_fprog *filter)
{
	unsigned long flags = SECCOMP_FILTER_FLAG_NEW_LISTENER | WAIT_KILLABLE;
	int fd = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, filter);

	if (fd < 0 && errno == EINVAL) {        /* the kernel looks at the flags first */
		flags &= ~WAIT_KILLABLE;
		fd = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, filter);
	}
	if (fd < 0 && errno == EACCES && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0)
		fd = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, filter);
	return fd;
}

static int send_descriptor(int channel, int fd)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
	char byte = 0;
	struct iovec part = { &byte, 1 };
	struct msghdr message = {
		.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control),
	};

	memset(&control, 0, sizeof(control));
	control.header.cmsg_level = SOL_SOCKET;
	control.header.cmsg_type = SCM_RIGHTS;
	control.header.cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	return sendmsg(channel, &message, MSG_NOSIGNAL) < 0 ? -1 : 0;
}

/* pass = bind: installs the filter (os/proc/bind_filter), and sends its descriptor to superd, which answers the calls
 * that the filter stops: seccomp_unotify(2). */
static int stage_bind_filter(struct job *job)
{
	int fd = install_filter(job->plan->bind_filter), result;

	if (fd < 0)
		return -1;
	/* With Yama, and without CAP_SYS_PTRACE, only an ancestor may look at a process, and the one that answers is no
	 * ancestor: any descendant of superd's guard that has this program's user may look at it from now on. */
	if (job->plan->tracer)
		prctl(PR_SET_PTRACER, (unsigned long)job->plan->tracer, 0, 0, 0);
	result = send_descriptor(job->filter_channel, fd);
	close(fd);
	close(job->filter_channel);
	return result;
}

/* A source below count that is not at its place would be overwritten: it is first moved out of the way. One source may
 * be wanted at several places. */
int child_arrange(const int *wanted, int count)
{
	UNINITIALIZED int moved[CHILD_DESCRIPTORS];

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
		else if (moved[n] == n ? fcntl(n, F_SETFD, 0) < 0 : dup2(moved[n], n) < 0)
			return -1;
	}
	return 0;
}

/* Unsharing copies only the descriptors below the limit, so the cost of a start does not depend on the listeners above
 * it. */
static int unshare_descriptors(const struct job *job)
{
	int most = job->file > 2 ? job->file : 2;

	if (!job->shares_descriptors)
		return 0;
	if (job->record >= 0) {
		most = job->record > most ? job->record : most;
		most = job->report > most ? job->report : most;
		most = job->executor > most ? job->executor : most;
		most = job->after > most ? job->after : most;
	}
	for (int n = 0; n < job->wanted_count; n++)
		most = job->wanted[n] > most ? job->wanted[n] : most;
	return raw_unshare_fds((unsigned)most + 1);
}

static int set_descriptors(struct job *job)
{
	if (unshare_descriptors(job) < 0)
		return -1;
	if (job->file > 0 && job->file < job->wanted_count &&
	    (job->file = fcntl(job->file, F_DUPFD_CLOEXEC, job->wanted_count)) < 0)
		return -1;
	return child_arrange(job->wanted, job->wanted_count);
}

static int set_session(struct job *job)
{
	if (job->plan->foreground == BACKGROUND)
		return setsid() < 0 ? -1 : 0;
	if (setpgid(0, 0) < 0)
		return -1;
	if (job->plan->foreground == TAKES_TERMINAL)    /* all signals are blocked here, SIGTTOU too */
		tcsetpgrp(STDIN_FILENO, getpid());
	return 0;
}

static int set_nice(struct job *job)
{
	return clamp_nice(job->plan->nice);
}

static int set_oom_score(struct job *job)
{
	return clamp_oom_score(job->plan->oom_score);
}

static int set_limits(struct job *job)
{
	for (size_t n = 0; n < job->plan->limit_count; n++) {
		const struct plan_limit *limit = &job->plan->limits[n];

		job->fault.resource = limit->resource;
		if (clamp_rlimit(limit->resource, &limit->value) < 0)
			return -1;
	}
	return 0;
}

static int set_groups(struct job *job)
{
	const struct account *account = job->plan->account;

	if (!account->keeps_groups && raw_set_groups(account->group_count, account->groups) < 0)
		return -1;
	return raw_set_gid(account->gid);
}

static int set_user(struct job *job)
{
	return raw_set_euid(job->plan->account->uid);
}

/* Sets all user ids. As long as the real user is root, the service's user cannot signal this process. If that user
 * could stop it earlier, superd would be stopped too, as it waits for the exec, until superd/launch.c kills
 * it. Capabilities are kept only now, as entering a user namespace in between resets that. */
static int set_identity(struct job *job)
{
	const struct plan *plan = job->plan;

	if ((plan->ambient || caps_of_later_stages(plan)) && prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
		return -1;
	return raw_set_uid(plan->account->uid);
}

static int set_directory(struct job *job)
{
	const struct plan *plan = job->plan;

	if (chdir(plan->directory) == 0)
		return 0;
	if (!(plan->flags & PLAN_DIRECTORY_OPTIONAL))
		return -1;
	return chdir("/");
}

/* superd ignores no signals, so after the exec all have their default action, except SIGPIPE if it is to be ignored.
 * The main command inherits signals as if superd were not there, so nohup(1) still works for it. */
static int set_signals(struct job *job)
{
	const struct inherited_signals *found = job->plan->signals;
	struct sigaction ignored = { .sa_handler = SIG_IGN };
	sigset_t none;

	for (int signal = 1; found && signal < NSIG; signal++) {
		if (sigismember(&found->ignored, signal) == 1 && sigaction(signal, &ignored, NULL) < 0)
			return -1;
	}
	if (!found && job->plan->flags & PLAN_IGNORES_SIGPIPE && sigaction(SIGPIPE, &ignored, NULL) < 0)
		return -1;
	sigemptyset(&none);
	return sigprocmask(SIG_SETMASK, found ? &found->blocked : &none, NULL);
}

static int execute_program(struct job *job)
{
	return job->file > 0 ? raw_execute(job->file, job->argv, job->environment)
			     : execve(job->command->program, job->argv, job->environment);
}

/* They run in the order of enum stage, which counts: a stage may need a right that a later one gives up. superd-exec
 * has those that are missing. */
static const struct {
	const char *name, *option;
	int (*go)(struct job *);
} stages[] = {
	[STAGE_NONE] = { "", NULL, NULL },
	[STAGE_WORDS] = { "filling in variables", NULL, NULL },
	[STAGE_RECORD] = { "writing the start for superd-exec", NULL, NULL },
	[STAGE_FORK] = { "starting a process", NULL, NULL },
	[STAGE_PROGRAM] = { "running superd-exec", NULL, NULL },
	[STAGE_RULES] = { "setting the rules for clients", NULL, NULL },
	[STAGE_CONDITIONS] = { "looking at conditions", NULL, NULL },
	[STAGE_FOLDERS] = { "making folders", NULL, NULL },
	[STAGE_CREDENTIALS] = { "loading credentials", NULL, NULL },
	[STAGE_STREAMS] = { "opening streams", NULL, NULL },
	[STAGE_MAPPER] = { "preparing a user namespace", NULL, NULL },
	[STAGE_CGROUP] = { "joining a control group", NULL, cgroup_join },
	[STAGE_DESCRIPTORS] = { "passing descriptors", NULL, set_descriptors },
	[STAGE_SESSION] = { "making a session", NULL, set_session },
	[STAGE_NICE] = { "setting nice", "nice", set_nice },
	[STAGE_OOM_SCORE] = { "setting oom_score_adjust", "oom_score_adjust", set_oom_score },
	[STAGE_IO_PRIORITY] = { "setting io_scheduling", "io_scheduling", stage_io_priority },
	[STAGE_SCHEDULING] = { "setting cpu_scheduling_policy", "cpu_scheduling_policy", stage_scheduling },
	[STAGE_PROFILE] = { "setting apparmor_profile", "apparmor_profile", NULL },
	[STAGE_NAMESPACES] = { "making namespaces", "private_network", NULL },
	[STAGE_MOUNTS] = { "mounting", NULL, NULL },
	[STAGE_ROOT] = { "changing the root", "root_directory", NULL },
	[STAGE_LIMITS] = { "setting limits", NULL, set_limits },
	[STAGE_GROUPS] = { "setting groups", "supplementary_groups", set_groups },
	[STAGE_PRIVATE_USERS] = { "making a user namespace", "private_users", NULL },
	[STAGE_BOUNDING] = { "setting the capability bounding set", "capability_bounding_set", stage_bounding },
	[STAGE_USER] = { "setting user", "user", set_user },
	[STAGE_SIGNALS] = { "resetting signals", NULL, set_signals },
	[STAGE_IDENTITY] = { "becoming the user", "user", set_identity },
	[STAGE_DIRECTORY] = { "changing directory", "working_directory", set_directory },
	[STAGE_AMBIENT] = { "setting ambient capabilities", "ambient_capabilities", stage_ambient },
	[STAGE_KEYRING] = { "joining a keyring", "keyring_mode", stage_keyring },
	[STAGE_NO_NEW_PRIVILEGES] = { "setting no_new_privileges", "no_new_privileges", stage_no_new_privileges },
	[STAGE_BIND_FILTER] = { "watching for bind(2)", "pass", stage_bind_filter },
	[STAGE_SYSTEM_CALLS] = { "filtering system calls", "system_call_filter", NULL },
	[STAGE_EXEC] = { "exec", "exec", execute_program },
};
_Static_assert(sizeof(stages) / sizeof(*stages) == STAGES, "every stage has a name");

const char *stage_name(enum stage stage)
{
	return stages[stage].name;
}

const char *stage_option(enum stage stage)
{
	return stages[stage].option;
}

/* The stages of this start, a bit each. Its command's prefix may skip some: + all that takes rights away, ! the change
 * of user (systemd.service(5)). */
static uint64_t due_stages(const struct job *job)
{
	const struct plan *plan = job->plan;
	const struct sandbox_config *sandbox = child_sandbox(job);
	bool has_rights = job->command->flags & COMMAND_PRIVILEGED, users_first = plan->flags & PLAN_USERS_FIRST;
	bool switches = plan->account && !has_rights && !(job->command->flags & COMMAND_SAME_IDENTITY);
	const struct { enum stage stage; bool is_due; } all[] = {
		{ STAGE_RULES, job->rules_count },
		{ STAGE_CONDITIONS, job->checks },
		{ STAGE_FOLDERS, plan->folder_count },
		{ STAGE_CREDENTIALS, plan->credentials },
		{ STAGE_STREAMS, job->files },
		{ STAGE_MAPPER, sandbox && (sandbox->users || users_first) },
		{ STAGE_CGROUP, job->group && plan->cgroup_settings },
		{ STAGE_DESCRIPTORS, true },
		{ STAGE_SESSION, true },
		{ STAGE_NICE, plan->nice },
		{ STAGE_OOM_SCORE, plan->oom_score[0] },
		{ STAGE_IO_PRIORITY, plan->io_priority >= 0 },
		{ STAGE_SCHEDULING, plan->cpu_policy >= 0 },
		{ STAGE_PROFILE, sandbox && sandbox->profile },
		{ STAGE_NAMESPACES, sandbox },
		{ STAGE_MOUNTS, sandbox && sandbox->namespaces & CLONE_NEWNS },
		{ STAGE_ROOT, plan->root && !(sandbox && sandbox->root) },
		{ STAGE_LIMITS, plan->limit_count },
		{ STAGE_GROUPS, switches },
		{ STAGE_PRIVATE_USERS, sandbox && sandbox->users && !users_first },
		{ STAGE_BOUNDING, !has_rights && plan->bounding != UINT64_MAX },
		{ STAGE_USER, switches },
		{ STAGE_SIGNALS, true },
		{ STAGE_IDENTITY, switches },
		{ STAGE_DIRECTORY, plan->directory },
		{ STAGE_AMBIENT, true },
		{ STAGE_KEYRING, !has_rights && plan->keyring != KEYRING_INHERIT },
		{ STAGE_NO_NEW_PRIVILEGES, !has_rights && plan->flags & PLAN_NO_NEW_PRIVILEGES },
		{ STAGE_BIND_FILTER, job->filter_channel },
		{ STAGE_SYSTEM_CALLS, sandbox },
		{ STAGE_EXEC, true },
	};
	uint64_t due = 0;

	for (size_t n = 0; n < sizeof(all) / sizeof(*all); n++)
		due |= (uint64_t)all[n].is_due << all[n].stage;
	return due;
}

/* stdio is not async-signal-safe. */
void child_write_variable(char *out, const char *name, uint64_t number)
{
	size_t length = strlen(name), digits = 0;

	memcpy(out, name, length);
	for (uint64_t rest = number; !digits || rest; rest /= 10)
		digits++;
	out[length + digits] = '\0';
	for (; digits; number /= 10)
		out[length + --digits] = (char)('0' + number % 10);
}

void child_write_variables(struct job *job, pid_t pid)
{
	child_write_variable(job->listen_pid, "LISTEN_PID=", (uint64_t)pid);
	child_write_variable(job->watchdog_pid, "WATCHDOG_PID=", (uint64_t)pid);
	child_write_variable(job->exec_pid, "SYSTEMD_EXEC_PID=", (uint64_t)pid);
}

_Noreturn void child_fail(struct job *job, enum stage stage)
{
	const struct fault fault = { stage, errno, job->fault.resource };

	job->fault = fault;
	_exit(job->report >= 0 && write(job->report, &fault, sizeof(fault)) < 0 ? 126 : 127);
}

_Noreturn void child_run(struct job *job, enum stage first, int (*const more[STAGES])(struct job *))
{
	uint64_t due = due_stages(job);

	for (int stage = first; stage < STAGES; stage++) {
		int (*go)(struct job *) = stages[stage].go || !more ? stages[stage].go : more[stage];

		job->stage = (enum stage)stage;
		if (stage == STAGE_CGROUP) {
			child_write_variables(job, getpid());
			if (job->plan->umask != (mode_t)-1)
				umask(job->plan->umask);
		}
		if (go && due >> stage & 1 && go(job) < 0)
			child_fail(job, (enum stage)stage);
	}
	_exit(127);
}

bool child_needs_program(const struct job *job)
{
	return child_sandbox(job) || job->plan->credentials || job->plan->folder_count || job->checks ||
	       job->plan->root || job->rules_count || job->files;
}

_Noreturn void child_become_program(struct job *job)
{
	char record[DECIMAL_DIGITS + 1], report[DECIMAL_DIGITS + 1];
	char *arguments[] = { (char *)(uintptr_t)"superd-exec", (char *)(uintptr_t)build_word(), record, report, NULL };

	if (unshare_descriptors(job) < 0) {
		job->fault = (struct fault){ .stage = STAGE_DESCRIPTORS, .error = errno };
		_exit(127);             /* without a report, as superd, which has this memory, may try again without */
	}
	child_write_variable(record, "", (uint64_t)job->record);
	child_write_variable(report, "", (uint64_t)job->report);
	for (int n = 0; n < job->wanted_count; n++)
		fcntl(job->wanted[n], F_SETFD, 0);
	if (job->file > 0)
		fcntl(job->file, F_SETFD, 0);
	if (job->after > 0)
		fcntl(job->after, F_SETFD, 0);
	fcntl(job->record, F_SETFD, 0);
	fcntl(job->report, F_SETFD, 0);
	raw_execute_own_with(job->executor, arguments, job->executor_environment);
	child_fail(job, STAGE_PROGRAM);
}
