/* Work on paths through folders of other users, for superd: such a user can put links there, or mount a file system
 * that never answers. So this process does it, with the rights of the folder's owner. It reaches nothing that the owner
 * could not reach anyway, and superd gives it up after a while. */
#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "exec/stages/stages.h"
#include "lib/fd.h"
#include "os/foreign/foreign.h"
#include "os/fs/fs.h"
#include "os/host/self_sandbox.h"

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
		if (task.work != PATH_UNLINK)
			self_sandbox_enter(&sandbox);
		errno = do_work(&task, &text);
	}
	/* With errno 0 the text stands in the place of a reason. */
	foreign_answer(STDOUT_FILENO, -1, &text, &none);
}
