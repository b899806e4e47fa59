/* Each work leaves errno 0 if it is done (foreign_run). */
#include "os/host/host.h"

#include <glob.h>

struct file_work {
	const char *path;
	size_t most;                    /* bytes of the file to read at most */
};

static int read_file(const void *with, struct buf *text)
{
	const struct file_work *file = with;
	size_t length = 0;
	char *got = fd_read_file(file->path, file->most, &length);

	if (!got)
		return -1;
	buf_add(text, got, length);
	free(got);
	errno = text->failed ? ENOMEM : 0;
	return -1;
}

char *foreign_read_file(const char *path, const struct account *account, size_t most, size_t *length)
{
	const struct account own = { .uid = geteuid() };
	const struct file_work file = { path, most };
	struct path_finding finding;
	struct buf text = { 0 };
	int fd;

	if (!account || !account->switches) {
		fd = path_open(path, O_RDONLY, 0, &own, &finding);
		if (fd >= 0 || !finding.flaw || path_is_shared(&finding))
			return fd_read_regular(fd, most, length);
	}
	if (foreign_run(path, true, account, read_file, &file, &text)) {
		*length = text.length;
		return text.data ? buf_take(&text) : strdup("");
	}
	buf_free(&text);
	return NULL;
}

static int remove_file(const void *with, struct buf *text)
{
	(void)text;
	if (unlink(with) == 0)
		errno = 0;
	return -1;
}

int foreign_unlink(const char *path)
{
	struct buf none = { 0 };
	bool good = foreign_run(path, false, NULL, remove_file, path, &none);

	buf_free(&none);
	return good ? 0 : -1;
}

static int find_names(const void *with, struct buf *names)
{
	glob_t found = { 0 };
	int result = glob(with, 0, NULL, &found);

	for (size_t n = 0; result == 0 && n < found.gl_pathc; n++)
		buf_add(names, found.gl_pathv[n], strlen(found.gl_pathv[n]) + 1);
	globfree(&found);
	errno = result == 0 ? 0 : result == GLOB_NOMATCH ? ENOENT : result == GLOB_NOSPACE ? ENOMEM : EACCES;
	return -1;
}

/* Always apart, as a pattern with wildcards in a folder's name may lead into any user's folders. */
bool foreign_glob(const char *pattern, struct buf *names)
{
	foreign_fork(pattern, find_names, pattern, -1, false, names);
	return errno == 0;
}

static int look_for_program(const void *path, struct buf *none)
{
	struct stat status;

	(void)none;
	errno = EACCES;
	if (stat(path, &status) == 0 && S_ISREG(status.st_mode) && faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) == 0)
		errno = 0;
	return -1;
}

/* The search of execvp(3), done before the fork, so that the child only has to exec. */

#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

bool path_search(const char *name, const char *path, struct buf *out)
{
	bool found = strchr(name, '/') != NULL;
	struct path_finding finding;
	struct buf none = { 0 };

	for (const char *at = path ? path : DEFAULT_PATH; !found && at && *at;
	     at = strchr(at, ':') ? strchr(at, ':') + 1 : NULL) {
		size_t length = strcspn(at, ":");

		buf_clear(out);
		if (length)
			buf_addf(out, "%.*s/%s", (int)length, at, name);
		else
			buf_addf(out, "./%s", name);
		/* A look is no use of it: whoever may write /usr/local, as staff on Debian, gains nothing. */
		if (path_is_trusted(buf_string(out), PATH_OPEN_FLAWS & ~PATH_GROUP, &finding))
			found = (look_for_program(buf_string(out), &none), errno == 0);
		else
			found = foreign_run(buf_string(out), true, NULL, look_for_program, buf_string(out), &none);
		buf_free(&none);
		if (found)
			return true;
	}
	buf_clear(out);
	buf_text(out, name);
	return found;
}
