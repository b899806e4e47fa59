/* Writes uid_map and gid_map of a child from outside its user namespace (user_namespaces(7)).
 *
 * The writer needs CAP_SETUID and CAP_SETGID in the parent namespace; the child lost them when it entered its own.
 * Without them the kernel allows a single line that maps the writer's own id, and gid_map only after setgroups(2) was
 * denied. */
#include "exec/spawn/spawn_map.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "exec/child/confine.h"
#include "os/foreign/spawn_ends.h"

static int write_file(pid_t pid, const char *name, const char *text)
{
	char path[64];
	ssize_t written;
	int fd;

	snprintf(path, sizeof(path), "/proc/%ld/%s", (long)pid, name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	written = write(fd, text, strlen(text));
	fd_close(&fd);
	return written < 0 ? -1 : 0;
}

static void make_map(char *text, size_t size, enum user_map map, unsigned own, unsigned other)
{
	if (map == USERS_FULL)
		snprintf(text, size, "0 0 4294967295\n");
	else if (map == USERS_IDENTITY)
		snprintf(text, size, "0 0 65536\n");
	else if (own == other)
		snprintf(text, size, "%u %u 1\n", own, own);
	else
		snprintf(text, size, "%u %u 1\n%u %u 1\n", own, own, other, other);
}

/* superd's own user is among them, as the child is still that one. */
static int write_maps(const struct job *job, pid_t child)
{
	const struct account *account = job->plan->account;
	enum user_map map = job->plan->confinement->users ? job->plan->confinement->users : USERS_SELF;
	char text[64];

	make_map(text, sizeof(text), map, geteuid(), account ? account->uid : geteuid());
	if (write_file(child, "uid_map", text) < 0)
		return -1;
	make_map(text, sizeof(text), map, getegid(), account ? account->gid : getegid());
	/* Its groups are set by now. With setgroups(2) it could leave one that is denied something. */
	if (map == USERS_SELF && !job->plan->confinement->users_first && write_file(child, "setgroups", "deny") < 0)
		return -1;
	if (write_file(child, "gid_map", text) == 0)
		return 0;
	if (errno != EPERM || write_file(child, "setgroups", "deny") < 0)
		return -1;
	return write_file(child, "gid_map", text);
}

/* Ends when the child does, or goes on without asking. */
static _Noreturn void serve(const struct job *job, int fd, pid_t child)
{
	ssize_t got;
	char asked;
	int error;

	close(job->report);             /* this and the child's end in any case: both are waited for */
	close_others(NULL, 0, fd);
	do
		got = read(fd, &asked, 1);
	while (got < 0 && errno == EINTR);
	if (got != 1)
		_exit(0);
	error = write_maps(job, child) < 0 ? errno : 0;
	_exit(write(fd, &error, sizeof(error)) == (ssize_t)sizeof(error) ? 0 : 1);
}

bool map_prepare(struct job *job)
{
	int ends[2];
	pid_t child = getpid();

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return false;
	ends[0] = fd_raise(ends[0], job->wanted_count);
	if (ends[0] < job->wanted_count) {
		errno = EMFILE;
		return false;
	}
	job->mapper_pid = fork();
	if (job->mapper_pid == 0) {
		close(ends[0]);
		serve(job, ends[1], child);
	}
	close(ends[1]);
	job->mapper = ends[0];
	return job->mapper_pid > 0;
}
