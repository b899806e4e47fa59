/* A sandbox, except its mounts: namespaces, AppArmor profile, seccomp filters. */
#include <linux/seccomp.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>

#include "exec/stages/stages.h"

#define NOBODY 65534

/* Writes uid_map and gid_map of a child from outside its user namespace (user_namespaces(7)).
 *
 * The writer needs CAP_SETUID and CAP_SETGID in the parent namespace; the child lost them when it entered its own.
 * Without them the kernel allows a single line that maps the writer's own id, and gid_map only after setgroups(2) was
 * denied. */

static int write_proc_file(pid_t pid, const char *name, const char *content)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%ld/%s", (long)pid, name);
	return fd_write_file(AT_FDCWD, path, content) ? 0 : -1;
}

/* Maps an id to itself, once. */
static void add_id(struct buf *map, unsigned id)
{
	char line[32];

	snprintf(line, sizeof(line), "%u %u 1\n", id, id);
	if (!strstr(buf_string(map), line))
		buf_text(map, line);
}

/* Writes both maps. They have superd's own user, as the child still has it, the service's, and the groups that the
 * child has yet to take on. */
static int write_maps(const struct job *job, pid_t child)
{
	const struct account *account = job->plan->account;
	bool sets_groups = account && !account->keeps_groups && job->plan->flags & PLAN_USERS_FIRST;
	struct buf users = { 0 }, groups = { 0 };

	add_id(&users, geteuid());
	add_id(&users, account ? account->uid : geteuid());
	add_id(&groups, getegid());
	add_id(&groups, account ? account->gid : getegid());
	for (size_t n = 0; sets_groups && n < account->group_count; n++)
		add_id(&groups, account->groups[n]);
	errno = ENOMEM;
	if (users.failed || groups.failed || write_proc_file(child, "uid_map", buf_string(&users)) < 0)
		return -1;
	/* The child's groups are set already. With setgroups(2) it could leave a group that denies it access. */
	if (!(job->plan->flags & PLAN_USERS_FIRST) && write_proc_file(child, "setgroups", "deny") < 0)
		return -1;
	if (write_proc_file(child, "gid_map", buf_string(&groups)) == 0)
		return 0;
	if (errno != EPERM || write_proc_file(child, "setgroups", "deny") < 0)
		return -1;
	return write_proc_file(child, "gid_map", buf_string(&groups));
}

/* Writes the maps when the child asks; exits when the child does, or goes on without asking. */
static _Noreturn void run_mapper(const struct job *job, int fd, pid_t child)
{
	ssize_t got;
	char asked;
	int error;

	close(job->report);             /* exits together with the child, as superd waits for both ends of the report */
	fork_fds_close_others(NULL, 0, fd, -1);
	do
		got = read(fd, &asked, 1);
	while (got < 0 && errno == EINTR);
	if (got != 1)
		_exit(0);
	error = write_maps(job, child) < 0 ? errno : 0;
	_exit(write(fd, &error, sizeof(error)) == (ssize_t)sizeof(error) ? 0 : 1);
}

int sandbox_prepare_mapper(struct job *job)
{
	int ends[2];
	pid_t child = getpid();

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return -1;
	ends[0] = fd_raise(ends[0], job->wanted_count);
	if (ends[0] < job->wanted_count) {
		errno = EMFILE;
		return -1;
	}
	job->mapper_pid = fork();
	if (job->mapper_pid == 0) {
		close(ends[0]);
		run_mapper(job, ends[1], child);
	}
	close(ends[1]);
	job->mapper = ends[0];
	return job->mapper_pid > 0 ? 0 : -1;
}

/* The mapper has exited when this returns. */
int sandbox_users(struct job *job)
{
	int error = EPERM;
	ssize_t got;

	if (unshare(CLONE_NEWUSER) < 0 || write(job->mapper, "", 1) != 1)
		return -1;
	do
		got = read(job->mapper, &error, sizeof(error));
	while (got < 0 && errno == EINTR);
	close(job->mapper);
	waitpid(job->mapper_pid, NULL, 0);
	if (got != (ssize_t)sizeof(error))
		error = EPERM;
	errno = error;
	return error ? -1 : 0;
}

/* In a new network namespace the loopback interface is down. A kernel without IPv4 has none. */
static int bring_up_loopback(void)
{
	struct ifreq request = { .ifr_name = "lo" };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), result;

	if (fd < 0)
		return errno == EAFNOSUPPORT ? 0 : -1;
	result = ioctl(fd, SIOCGIFFLAGS, &request);
	request.ifr_flags |= IFF_UP;
	if (result == 0)
		result = ioctl(fd, SIOCSIFFLAGS, &request);
	close(fd);
	return result;
}

int sandbox_namespaces(struct job *job)
{
	const struct sandbox_config *sandbox = child_sandbox(job);

	if (job->plan->flags & PLAN_USERS_FIRST) {
		/* Where root is root, what is nobody's is another user's, as who has no number has no other name: its
		 * answer stays as it is. */
		if (geteuid() == 0)
			path_uid_is_own(NOBODY);
		if (sandbox_users(job) < 0)
			return -1;
	}
	if (sandbox->namespaces && unshare((int)sandbox->namespaces) < 0)
		return -1;
	return sandbox->namespaces & CLONE_NEWNET ? bring_up_loopback() : 0;
}

/* Sets the AppArmor profile for the next exec, by a file of the process itself (aa_change_onexec(2)). */
int sandbox_profile(struct job *job)
{
	const struct sandbox_config *sandbox = child_sandbox(job);
	char order[300];

	if (snprintf(order, sizeof(order), "exec %s", sandbox->profile) >= (int)sizeof(order)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	return fd_write_file(AT_FDCWD, "/proc/self/attr/apparmor/exec", order) ? 0 : -1;
}

/* Newer than the headers of Linux 6.1. */
#define SET_MDWE 65                     /* PR_SET_MDWE of Linux 6.3 */
#define REFUSE_EXEC_GAIN 1UL            /* PR_MDWE_REFUSE_EXEC_GAIN */

int sandbox_system_calls(struct job *job)
{
	const struct sandbox_config *sandbox = child_sandbox(job);

	/* If the kernel lacks this call, the filter does the work. */
	if (sandbox->flags & PLAN_REFUSES_EXECUTABLE_MEMORY && prctl(SET_MDWE, REFUSE_EXEC_GAIN, 0UL, 0UL, 0UL) < 0 &&
	    errno != EINVAL)
		return -1;
	for (size_t n = 0; sandbox->filters && sandbox->filters[n]; n++) {
		if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, sandbox->filters[n], 0, 0) < 0)
			return -1;
	}
	return 0;
}
