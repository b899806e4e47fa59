/* Writes uid_map and gid_map of a child from outside its user namespace (user_namespaces(7)).
 *
 * The writer needs CAP_SETUID and CAP_SETGID in the parent namespace; the child lost them when it entered its own.
 * Without them the kernel allows a single line that maps the writer's own id, and gid_map only after setgroups(2) was
 * denied. */
#include "exec/stages/userns_map.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "exec/child/sandbox.h"
#include "exec/stages/stages.h"
#include "lib/buf.h"
#include "lib/fd.h"
#include "os/foreign/fork_fds.h"

static int write_proc_file(pid_t pid, const char *name, const char *content)
{
	char path[64];
	ssize_t written;
	int fd;

	snprintf(path, sizeof(path), "/proc/%ld/%s", (long)pid, name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	written = write(fd, content, strlen(content));
	fd_close(&fd);
	return written < 0 ? -1 : 0;
}

/* Maps an id to itself, once. */
static void add_id(struct buf *map, unsigned id)
{
	char line[32];

	snprintf(line, sizeof(line), "%u %u 1\n", id, id);
	if (!strstr(buf_string(map), line))
		buf_text(map, line);
}

static int write_map(pid_t child, const char *name, enum user_map users, const struct buf *self)
{
	return write_proc_file(child, name, users == USERS_FULL	      ? "0 0 4294967295\n"
					    : users == USERS_IDENTITY ? "0 0 65536\n"
								      : buf_string(self));
}

/* Writes both maps. USERS_SELF has superd's own user, as the child still has it, the service's, and the groups that the
 * child has yet to take on. */
static int write_maps(const struct job *job, pid_t child)
{
	const struct account *account = job->plan->account;
	enum user_map map = job->plan->sandbox->users ? job->plan->sandbox->users : USERS_SELF;
	bool sets_groups = account && !account->keeps_groups && job->plan->sandbox->users_first;
	struct buf users = { 0 }, groups = { 0 };

	add_id(&users, geteuid());
	add_id(&users, account ? account->uid : geteuid());
	add_id(&groups, getegid());
	add_id(&groups, account ? account->gid : getegid());
	for (size_t n = 0; sets_groups && n < account->group_count; n++)
		add_id(&groups, account->groups[n]);
	errno = ENOMEM;
	if (users.failed || groups.failed || write_map(child, "uid_map", map, &users) < 0)
		return -1;
	/* The child's groups are set already. With setgroups(2) it could leave a group that denies it access. */
	if (map == USERS_SELF && !job->plan->sandbox->users_first && write_proc_file(child, "setgroups", "deny") < 0)
		return -1;
	if (write_map(child, "gid_map", map, &groups) == 0)
		return 0;
	if (errno != EPERM || write_proc_file(child, "setgroups", "deny") < 0)
		return -1;
	return write_map(child, "gid_map", map, &groups);
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
	const struct sandbox_config *sandbox = child_sandbox(job);
	int ends[2];
	pid_t child = getpid();

	if (!sandbox || (!sandbox->users && !sandbox->users_first))
		return 0;
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
int userns_enter(struct job *job)
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
