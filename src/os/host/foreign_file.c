/* Asks superd-exec for what superd may not do itself with a path. */
#include "os/host/foreign_file.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/build_id.h"
#include "lib/fd.h"
#include "os/foreign/foreign.h"
#include "os/fs/fs.h"
#include "os/host/program.h"

/* Starts superd-exec, and waits for its answer. Returns its errno; 0: the task is done. */
static int ask(struct path_task *task, struct buf *text)
{
	const struct own_program *program = program_known(PROGRAM_EXEC);
	char option[] = "--path";
	char *argv[] = { (char *)(uintptr_t)program->name, (char *)(uintptr_t)build_word(), option, NULL };
	struct record record = { 0 };
	struct buf none = { 0 };
	int file = -1, error;

	path_task_record(&record, task);
	errno = record.out.failed ? ENOMEM : ENOSYS;
	if (!record.out.failed && program->fd >= 0)
		file = memory_file(record.out.data, record.out.length);
	if (file >= 0)
		foreign_execute(task->path, program->fd, argv, file, text, &none);
	error = errno;
	fd_close(&file);
	buf_free(&record.out);
	buf_free(&none);
	return error;
}

/* Has the task done with the rights of the owner whom the finding names; NULL: with superd's. */
static bool run_task(struct path_task *task, const struct path_finding *finding, const struct account *known,
		     struct buf *text)
{
	struct account account;

	task->account = finding && !finding->error && foreign_actor(finding, 0, known, &account) ? &account : NULL;
	/* With an error nobody knows whose rights would do. */
	errno = finding && finding->error ? finding->error : ask(task, text);
	return errno == 0;
}

char *foreign_read_file(const char *path, const struct account *account, size_t most, size_t *length)
{
	struct path_task task = { .work = PATH_READ, .path = path,
				  .most = most < WORK_TEXT_MOST ? most : WORK_TEXT_MOST };
	struct path_finding finding;
	struct buf text = { 0 };

	if (!path_leads_to_foreign(path, &finding))
		return fd_read_file(path, most, length);
	if (run_task(&task, &finding, account, &text)) {
		*length = text.length;
		return text.data ? buf_take(&text) : strdup("");
	}
	buf_free(&text);
	return NULL;
}

int foreign_unlink(const char *path)
{
	struct path_task task = { .work = PATH_UNLINK, .path = path };
	struct path_finding finding;
	struct buf none = { 0 };
	bool good;

	if (!path_is_foreign(path, &finding))
		return unlink(path);
	good = run_task(&task, &finding, NULL, &none);
	buf_free(&none);
	return good ? 0 : -1;
}

/* whether it is a regular file that may be executed */
static bool foreign_is_program(const char *path)
{
	struct path_task task = { .work = PATH_LOOK, .path = path };
	struct path_finding finding;
	struct buf none = { 0 };
	struct stat status;
	bool good;

	if (!path_leads_to_foreign(path, &finding))
		return stat(path, &status) == 0 && S_ISREG(status.st_mode) && access(path, X_OK) == 0;
	good = run_task(&task, &finding, NULL, &none);
	buf_free(&none);
	return good;
}

static bool may_read_interpreter(const void *unused, const char *path)
{
	struct path_finding finding;

	(void)unused;
	return !path_leads_to_foreign(path, &finding);
}

bool foreign_interpreter_is_wrong(const char *program, struct buf *why)
{
	struct path_task task = { .work = PATH_INTERPRETERS, .path = program };
	struct path_finding finding;

	if (!path_leads_to_foreign(program, &finding))
		return interpreter_is_wrong(NULL, program, may_read_interpreter, NULL, why);
	return run_task(&task, &finding, NULL, why);
}

char *foreign_real_path(const char *path)
{
	struct path_task task = { .work = PATH_RESOLVE, .path = path };
	struct path_finding finding;
	struct buf real = { 0 };
	char *result;

	if (!path_leads_to_foreign(path, &finding))
		return realpath(path, NULL);
	result = run_task(&task, &finding, NULL, &real) ? buf_take(&real) : NULL;
	buf_free(&real);
	return result;
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
	struct path_task task = { .work = PATH_GLOB, .path = pattern };
	const char *slash = strrchr(pattern, '/');
	struct path_finding finding;

	if ((slash && strcspn(pattern, "*?[") < (size_t)(slash - pattern)) || path_is_foreign(pattern, &finding))
		errno = !run_task(&task, NULL, NULL, names) ? errno : names_match(pattern, names) ? 0 : EPROTO;
	else
		errno = path_glob(pattern, names);
	return errno == 0;
}

/* The search of execvp(3), done before the fork, so that the child only has to exec. */

#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

bool path_search(const char *name, const char *path, struct buf *out)
{
	bool found = strchr(name, '/') != NULL;

	for (const char *at = path ? path : DEFAULT_PATH; !found && at && *at;
	     at = strchr(at, ':') ? strchr(at, ':') + 1 : NULL) {
		size_t length = strcspn(at, ":");

		buf_clear(out);
		if (length)
			buf_addf(out, "%.*s/%s", (int)length, at, name);
		else
			buf_addf(out, "./%s", name);
		found = foreign_is_program(buf_string(out));
		if (found)
			return true;
	}
	buf_clear(out);
	buf_text(out, name);
	return found;
}
