/* What superd may not do itself with a path: a fork of it does the work with the rights of the folder's owner. It
 * reaches nothing that the owner could not reach anyway, and superd gives it up after a second. */
#include "os/host/foreign_file.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <glob.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/fd.h"
#include "os/foreign/foreign.h"
#include "os/fs/fs.h"
#include "os/host/program.h"
#include "os/host/self_sandbox.h"

enum work {
	READ,                           /* the file's text */
	LOOK,                           /* whether it is a regular file that may be executed */
	INTERPRETER,                    /* what is wrong with the program's interpreter; ENOENT: nothing */
	GLOB,                           /* the names that match, each followed by a NUL */
	UNLINK,
};

struct task {
	enum work work;
	const char *path;
	size_t most;                    /* bytes of the file to read at most */
	const struct account *account;  /* whom to act as; NULL: superd's own rights are no greater */
};

static int read_file(const struct task *task, struct buf *text)
{
	size_t length = 0;
	char *got = fd_read_file(task->path, task->most, &length);

	if (!got)
		return errno;
	buf_add(text, got, length);
	free(got);
	return 0;
}

static int look_for_program(const char *path)
{
	struct stat status;

	if (stat(path, &status) < 0)
		return errno;
	if (!S_ISREG(status.st_mode))
		return EACCES;
	return faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) < 0 ? errno : 0;
}

static int look_for_interpreter(const char *program, struct buf *why)
{
	char path[PATH_MAX];

	return interpreter_find(NULL, program, path) == INTERPRETER_FOUND && interpreter_is_missing(NULL, path, why)
		       ? 0
		       : ENOENT;
}

static int find_names(const char *pattern, struct buf *names)
{
	glob_t found = { 0 };
	int result = glob(pattern, 0, NULL, &found);

	for (size_t n = 0; result == 0 && n < found.gl_pathc; n++)
		buf_add(names, found.gl_pathv[n], strlen(found.gl_pathv[n]) + 1);
	globfree(&found);
	if (names->length > WORK_TEXT_MOST)
		return E2BIG;
	return result == 0 ? 0 : result == GLOB_NOMATCH ? ENOENT : result == GLOB_NOSPACE ? ENOMEM : EACCES;
}

/* Returns an errno; 0: it is done. */
static int do_task(const struct task *task, struct buf *text)
{
	switch (task->work) {
	case READ:
		return read_file(task, text);
	case LOOK:
		return look_for_program(task->path);
	case INTERPRETER:
		return look_for_interpreter(task->path, text);
	case GLOB:
		return find_names(task->path, text);
	case UNLINK:
		return unlink(task->path) < 0 ? errno : 0;
	}
	return EPROTO;
}

/* In the forked process. It can only read files: what a link leads to is nothing to start or to write to. */
static int do_apart(const void *with, struct buf *text)
{
	const struct self_sandbox sandbox = { .rights = MAY_READ_FILES | MAY_SEND };
	const struct task *task = with;
	struct act_as before;

	if (!act_as_begin(&before, task->account))
		return -1;
	self_sandbox_begin();
	if (task->work != UNLINK)
		self_sandbox_enter(&sandbox);
	errno = do_task(task, text);    /* with 0 the text stands in the place of a reason */
	return -1;
}

static int run_apart(const struct task *task, struct buf *text)
{
	foreign_fork(task->path, do_apart, task, -1, false, text);
	return errno;
}

/* Does the task here if no other user can change the path, else apart with the rights of the folder's owner. known: as
 * for foreign_actor. false and errno. */
static bool run(struct task *task, const struct account *known, struct buf *text)
{
	struct path_finding finding;
	struct account account;
	bool is_foreign = task->work == UNLINK ? path_is_foreign(task->path, &finding)
					       : path_leads_to_foreign(task->path, &finding);

	if (is_foreign && finding.error) {
		errno = finding.error;  /* nobody knows whose rights would do */
	} else if (is_foreign) {
		task->account = foreign_actor(&finding, 0, known, &account);
		if (task->most > WORK_TEXT_MOST)
			task->most = WORK_TEXT_MOST;
		errno = run_apart(task, text);
	} else {
		errno = do_task(task, text);
	}
	return errno == 0;
}

char *foreign_read_file(const char *path, const struct account *account, size_t most, size_t *length)
{
	struct task task = { .work = READ, .path = path, .most = most };
	struct buf text = { 0 };

	if (run(&task, account, &text)) {
		*length = text.length;
		return text.data ? buf_take(&text) : strdup("");
	}
	buf_free(&text);
	return NULL;
}

int foreign_unlink(const char *path)
{
	struct buf none = { 0 };
	bool good = run(&(struct task){ .work = UNLINK, .path = path }, NULL, &none);

	buf_free(&none);
	return good ? 0 : -1;
}

/* Always apart, as the interpreter may be another user's if the program is root's. */
bool foreign_interpreter_is_missing(const char *program, struct buf *why)
{
	struct task task = { .work = INTERPRETER, .path = program };
	struct path_finding finding;
	struct account account;

	if (path_leads_to_foreign(program, &finding)) {
		if (finding.error)
			return false;
		task.account = foreign_actor(&finding, 0, NULL, &account);
	}
	return run_apart(&task, why) == 0;
}

/* Names that do not match would let another process choose which files superd reads with its own rights. */
static bool names_match(const char *pattern, const struct buf *names)
{
	size_t at = 0;

	while (at < names->length && fnmatch(pattern, names->data + at, FNM_PATHNAME | FNM_PERIOD) == 0)
		at += strlen(names->data + at) + 1;
	return names->length && at == names->length;
}

/* A pattern with wildcards in a folder's name may lead into any user's folders, so superd calls glob itself only if
 * there are none. */
bool foreign_glob(const char *pattern, struct buf *names)
{
	const struct task task = { .work = GLOB, .path = pattern };
	const char *slash = strrchr(pattern, '/');
	struct path_finding finding;

	if ((slash && strcspn(pattern, "*?[") < (size_t)(slash - pattern)) || path_is_foreign(pattern, &finding)) {
		errno = run_apart(&task, names);
		if (!errno && !names_match(pattern, names))
			errno = EPROTO;
	} else {
		errno = find_names(pattern, names);
	}
	return errno == 0;
}

/* The search of execvp(3), done before the fork, so that the child only has to exec. */

#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

bool path_search(const char *name, const char *path, struct buf *out)
{
	bool found = strchr(name, '/') != NULL;
	struct buf none = { 0 };

	for (const char *at = path ? path : DEFAULT_PATH; !found && at && *at;
	     at = strchr(at, ':') ? strchr(at, ':') + 1 : NULL) {
		size_t length = strcspn(at, ":");

		buf_clear(out);
		if (length)
			buf_addf(out, "%.*s/%s", (int)length, at, name);
		else
			buf_addf(out, "./%s", name);
		found = run(&(struct task){ .work = LOOK, .path = buf_string(out) }, NULL, &none);
		buf_free(&none);
		if (found)
			return true;
	}
	buf_clear(out);
	buf_text(out, name);
	return found;
}
