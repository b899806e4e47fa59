/* Writes uid_map and gid_map of a child from outside its user namespace (user_namespaces(7)).
 *
 * The writer needs CAP_SETUID and CAP_SETGID in the parent namespace; the child lost them when it entered its own.
 * Without them the kernel allows a single line that maps the writer's own id, and gid_map only after setgroups(2) was
 * denied. */
#include "exec/child/userns_map.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "exec/child/sandbox.h"
#include "exec/child/text.h"
#include "os/foreign/fork_fds.h"

/* fork(3) runs pthread_atfork(3) handlers, which a child must not (POSIX.1-2024, _Fork). */
#ifndef HAVE__FORK
#define _Fork fork
#endif

static int write_proc_file(pid_t pid, const char *name, const char *content)
{
	struct child_text path = { 0 };
	ssize_t written;
	int fd;

	text_add_word(&path, "/proc/");
	text_add_decimal(&path, (uint64_t)pid);
	text_add_word(&path, "/");
	text_add_word(&path, name);
	fd = open(path.text, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	written = write(fd, content, strlen(content));
	fd_close(&fd);
	return written < 0 ? -1 : 0;
}

/* Adds a line that maps this id to itself. */
static void add_identity_line(struct child_text *map, unsigned id)
{
	text_add_decimal(map, id);
	text_add_word(map, " ");
	text_add_decimal(map, id);
	text_add_word(map, " 1\n");
}

static int write_map(pid_t child, const char *name, enum user_map users, unsigned own, unsigned other)
{
	struct child_text map = { 0 };

	if (users == USERS_FULL) {
		text_add_word(&map, "0 0 4294967295\n");
	} else if (users == USERS_IDENTITY) {
		text_add_word(&map, "0 0 65536\n");
	} else {
		add_identity_line(&map, own);
		if (other != own)
			add_identity_line(&map, other);
	}
	return write_proc_file(child, name, map.text);
}

/* Writes both maps. superd's own user is included, as the child still has it. */
static int write_maps(const struct job *job, pid_t child)
{
	const struct account *account = job->plan->account;
	enum user_map map = job->plan->sandbox->users ? job->plan->sandbox->users : USERS_SELF;
	unsigned gid = account ? account->gid : getegid();

	if (write_map(child, "uid_map", map, geteuid(), account ? account->uid : geteuid()) < 0)
		return -1;
	/* The child's groups are set already. With setgroups(2) it could leave a group that denies it access. */
	if (map == USERS_SELF && !job->plan->sandbox->users_first && write_proc_file(child, "setgroups", "deny") < 0)
		return -1;
	if (write_map(child, "gid_map", map, getegid(), gid) == 0)
		return 0;
	if (errno != EPERM || write_proc_file(child, "setgroups", "deny") < 0)
		return -1;
	return write_map(child, "gid_map", map, getegid(), gid);
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

bool userns_map_prepare(struct job *job)
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
	job->mapper_pid = _Fork();
	if (job->mapper_pid == 0) {
		close(ends[0]);
		run_mapper(job, ends[1], child);
	}
	close(ends[1]);
	job->mapper = ends[0];
	return job->mapper_pid > 0;
}
