/* Work on paths through folders of other users, for superd: such a user can put links there, or mount a file system
 * that never answers. So this process does it, with the rights of the folder's owner. It reaches nothing that the owner
 * could not reach anyway, and superd gives it up after a while. */
#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "exec/stages/stages.h"
#include "lib/fd.h"
#include "os/foreign/foreign.h"
#include "os/fs/fs.h"
#include "os/host/self_sandbox.h"

#define NOBODY 65534
#define ANSWER_MOST 16384               /* bytes of a loader's answer; a long list is cut */

static int read_file(const struct path_task *task, struct buf *text)
{
	size_t length = 0;
	char *got = fd_read_file(task->path, task->most, &length);

	if (!got)
		return errno;
	buf_add(text, got, length);
	free(got);
	return 0;
}

/* access(2) would answer for the real user, which is still superd's. So this looks at the mode bits. */
static int look_for_program(const struct path_task *task)
{
	struct stat status;

	if (stat(task->path, &status) < 0)
		return errno;
	return S_ISREG(status.st_mode) && status.st_mode & (S_IXUSR | S_IXGRP | S_IXOTH) ? 0 : EACCES;
}

static int follow_links(const struct path_task *task, struct buf *real)
{
	char path[PATH_MAX];

	if (!realpath(task->path, path))
		return errno;
	buf_text(real, path);
	return 0;
}

/* A program's libraries, by its own loader: LOADER --list PROGRAM, which runs none of the program's code (ld.so(8), and
 * musl's). The program is a stranger's file, and its headers are the loader's to read: without rights, in a process of
 * its own. */
static _Noreturn void become_loader(const struct path_task *task, int out)
{
	const struct rlimit second = { 1, 1 }, length = { ANSWER_MOST, ANSWER_MOST };
	char *arguments[] = { (char *)(uintptr_t)task->loader, (char *)(uintptr_t)"--list",
			      (char *)(uintptr_t)task->path, NULL };
	char *environment[] = { NULL };
	bool drops = geteuid() == 0;

	if (dup2(out, STDOUT_FILENO) < 0 || dup2(out, STDERR_FILENO) < 0 || setrlimit(RLIMIT_CPU, &second) < 0 ||
	    setrlimit(RLIMIT_FSIZE, &length) < 0 ||
	    (drops && (setgroups(0, NULL) < 0 || setresgid(NOBODY, NOBODY, NOBODY) < 0 ||
		       setresuid(NOBODY, NOBODY, NOBODY) < 0)))
		_exit(126);
	execve(task->loader, arguments, environment);
	_exit(127);
}

/* The loader ends at the first library that it misses. A path is the program's own, which nobody may not read. */
static void find_missing(const char *answer, struct buf *name)
{
	static const char *const errors[] = {
		"error while loading shared libraries: ",       /* glibc */
		"Error loading shared library ",                /* musl */
	};

	for (size_t n = 0; n < sizeof(errors) / sizeof(*errors) && !name->length; n++) {
		const char *at = strstr(answer, errors[n]);
		size_t length = at ? strcspn(at + strlen(errors[n]), ":\n") : 0;

		if (at && !memchr(at + strlen(errors[n]), '/', length))
			buf_add(name, at + strlen(errors[n]), length);
	}
}

static int list_libraries(const struct path_task *task, struct buf *name)
{
	int out = memory_open("libraries", false), status;
	char answer[ANSWER_MOST];
	ssize_t length = 0;
	pid_t pid = out < 0 ? -1 : fork();

	if (pid == 0)
		become_loader(task, out);
	if (pid > 0 && waitpid(pid, &status, 0) == pid)
		length = pread(out, answer, sizeof(answer) - 1, 0);
	answer[length > 0 ? length : 0] = '\0';
	find_missing(answer, name);
	return name->length ? 0 : ENOENT;
}

static int do_work(const struct path_task *task, struct buf *text)
{
	switch (task->work) {
	case PATH_READ:
		return read_file(task, text);
	case PATH_LOOK:
		return look_for_program(task);
	case PATH_INTERPRETERS:
		return interpreter_is_wrong(NULL, task->path, NULL, NULL, text) ? 0 : ENOENT;
	case PATH_RESOLVE:
		return follow_links(task, text);
	case PATH_GLOB:
		return path_glob(task->path, text);
	case PATH_UNLINK:
		return unlink(task->path) < 0 ? errno : 0;
	case PATH_LIBRARIES:
		return list_libraries(task, text);
	case PATH_WORKS:
		break;
	}
	return EPROTO;
}

/* Files can only be read behind act_as_begin: what a link leads to is nothing to start or to write to. */
_Noreturn void path_work_answer(void)
{
	const struct self_sandbox sandbox = { .rights = MAY_READ_FILES | MAY_SEND };
	struct buf text = { 0 }, none = { 0 };
	struct path_task task = { 0 };
	struct act_as before;
	struct record record;

	if (!record_open(&record, STDIN_FILENO, PATH_TASK_MOST))
		exit(EXIT_FAILURE);
	path_task_record(&record, &task);
	errno = EPROTO;
	if (record_is_read(&record) && act_as_begin(&before, task.account)) {
		self_sandbox_begin();
		if (task.work != PATH_UNLINK && task.work != PATH_LIBRARIES)
			self_sandbox_enter(&sandbox);
		errno = do_work(&task, &text);
	}
	/* With errno 0 the text stands in the place of a reason. */
	timed_job_answer(STDOUT_FILENO, -1, &text, &none);
}
