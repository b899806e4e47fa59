/* The path of superd's own program, and the exec of a new version of it.
 *
 * /proc/self/exe refers to the running file, but an upgrade replaces the file at the path, which is often a link. So
 * argv[0] comes first, as long as it leads to the running file when superd starts. */
#include "os/host/self_exe.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/buf.h"
#include "os/rights/own_privileges.h"

static const char self[] = "/proc/self/exe";
static const char deleted[] = " (deleted)";

/* Whether the path leads to the running file. Without /proc that is unknown, and the path is accepted. */
static bool is_running_program(const char *path)
{
	struct stat named, running;

	if (access(path, X_OK) < 0 || stat(path, &named) < 0 || !S_ISREG(named.st_mode))
		return false;
	return stat(self, &running) < 0 || (named.st_dev == running.st_dev && named.st_ino == running.st_ino);
}

static char *take_if_running(struct buf *path)
{
	char *text = buf_take(path);

	if (text && is_running_program(text))
		return text;
	free(text);
	return NULL;
}

static char *resolve_from_cwd(const char *name)
{
	char *folder = *name == '/' ? NULL : getcwd(NULL, 0);
	struct buf path = { 0 };

	if (folder)
		buf_addf(&path, "%s/", folder);
	free(folder);
	buf_text(&path, name);
	return take_if_running(&path);
}

static char *resolve_by_path(const char *name)
{
	const char *at = getenv("PATH");
	char *found = NULL;

	while (at && *at && !found) {
		size_t length = strcspn(at, ":");
		struct buf path = { 0 };

		buf_add(&path, at, length);
		buf_addf(&path, "/%s", name);
		found = take_if_running(&path);
		at += length + (at[length] == ':');
	}
	return found;
}

static char *resolve_by_kernel(void)
{
	char path[PATH_MAX + 1];
	ssize_t length = readlink(self, path, sizeof(path) - 1);
	size_t end = strlen(deleted);

	if (length < 0)
		return NULL;
	path[length] = '\0';
	if ((size_t)length > end && !strcmp(path + length - end, deleted))
		path[(size_t)length - end] = '\0';
	return strdup(path);
}

char *self_exe_path(const char *argv0)
{
	char *path = NULL;

	if (argv0 && strchr(argv0, '/'))
		path = resolve_from_cwd(argv0);
	else if (argv0 && *argv0)
		path = resolve_by_path(argv0);
	return path ? path : resolve_by_kernel();
}

const char *self_exe_running(void)
{
	return access(self, X_OK) == 0 ? self : NULL;
}

void self_exe_set_name(const char *name)
{
	prctl(PR_SET_NAME, name);
}

void self_exe_pass(const int *fds, size_t count, bool passed)
{
	for (size_t n = 0; n < count; n++)
		fcntl(fds[n], F_SETFD, passed ? 0 : FD_CLOEXEC);
}

void self_exe_exec(const char *path, char *const *argv, char *const *environment, const int *fds, size_t count)
{
	int failed;

	self_exe_pass(fds, count, true);
	own_privileges_restore_inheritable();
	execve(path, argv, environment);
	failed = errno;
	own_privileges_clear_inheritable_again();
	self_exe_pass(fds, count, false);
	errno = failed;
}
