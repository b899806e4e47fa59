/* Work on paths through other users' folders, done by a separate process with the folder owner's rights.
 *
 * The owner of the first such folder decides whose rights these are: with them superd reaches nothing that the owner
 * could not reach himself. */
#include "os/foreign/foreign_path.h"

#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/hash.h"
#include "os/foreign/act_as.h"
#include "os/fs/interpreter.h"

#define NOBODY 65534
#define PATIENCE 1000                   /* milliseconds that superd waits at most */
#define REST 20                         /* seconds in which it does not try again what took longer */
#define SILENT_MOST 64

/* Paths that did not answer lately, by a hash. The loader's thread asks, too. */
static struct { size_t path; double until; } silent[SILENT_MOST];
static pthread_mutex_t silent_lock = PTHREAD_MUTEX_INITIALIZER;

static size_t hash(const char *path)
{
	uint64_t h = hash_text(HASH_START, path);

	return (size_t)(h ^ h >> 29);
}

static bool was_silent(size_t path)
{
	bool was;

	pthread_mutex_lock(&silent_lock);
	was = silent[path % SILENT_MOST].path == path && clock_now() < silent[path % SILENT_MOST].until;
	pthread_mutex_unlock(&silent_lock);
	return was;
}

static void note_silent(size_t path)
{
	pthread_mutex_lock(&silent_lock);
	silent[path % SILENT_MOST].path = path;
	silent[path % SILENT_MOST].until = clock_now() + REST;
	pthread_mutex_unlock(&silent_lock);
}

int foreign_fork(const char *path, timed_work *work, const void *with, int kept, struct buf *why,
		 struct buf *warnings)
{
	int result;

	if (was_silent(hash(path))) {
		errno = ETIMEDOUT;
		return -1;
	}
	result = fork_with_timeout(work, with, kept, PATIENCE, why, warnings);
	if (result < 0 && errno == ETIMEDOUT)
		note_silent(hash(path));
	return result;
}

bool path_is_foreign(const char *path, struct path_finding *finding)
{
	const char *slash = strrchr(path, '/');
	char folder[PATH_MAX];

	if (!slash || snprintf(folder, sizeof(folder), "%.*s/.", (int)(slash - path), path) >= (int)sizeof(folder))
		return false;
	return !path_is_trusted_for(folder, PATH_OPEN_FLAWS, NULL, path_mounts_cached(), finding);
}

/* Wherever it leads itself: who opens it goes there. */
static bool leads_to_foreign(const char *path, struct path_finding *finding)
{
	return *path == '/' && (path_is_foreign(path, finding) ||
				!path_is_trusted_for(path, PATH_OPEN_FLAWS, NULL, path_mounts_cached(), finding));
}

bool own_file_is_safe(const char *path, mode_t mode, struct buf *why)
{
	struct path_finding finding;
	char whole[PATH_MAX], here[PATH_MAX];

	if (*path != '/') {
		if (!getcwd(here, sizeof(here)) ||
		    snprintf(whole, sizeof(whole), "%s/%s", here, path) >= (int)sizeof(whole))
			return true;    /* the open tells */
		path = whole;
	}
	if (path_is_open_to_us(path, mode, NULL, path_mounts_cached(), &finding))
		return true;
	if (finding.is_absent && !finding.is_missing) {
		buf_text(why, strerror(ENOENT));
		return false;
	}
	path_finding_describe(&finding, why);
	buf_text(why, ", who could lead it elsewhere: a file of superd's own lies in folders of root's");
	return false;
}

const struct account *foreign_actor(const struct path_finding *finding, uid_t uid, gid_t gid, struct account *account)
{
	if (finding->flaw == PATH_OWNER) {
		uid = finding->owner;
		gid = finding->group;
	} else if (finding->flaw == PATH_REMOTE) {
		uid = finding->owner;
		gid = NOBODY;
	} else {
		uid = uid ? uid : NOBODY;
		gid = gid ? gid : NOBODY;
	}
	*account = (struct account){ .uid = uid, .gid = gid, .switches = true };
	return geteuid() == 0 && uid != 0 ? account : NULL;
}

struct foreign_task {
	const char *path;
	size_t most;
	const struct path_finding *finding;
};

static bool begin(const struct foreign_task *errand)
{
	struct act_as before;
	struct account account;

	return act_as_begin(&before, foreign_actor(errand->finding, NOBODY, NOBODY, &account));
}

/* Returns the text in place of a reason. */
static int read_file(const void *with, struct buf *text, struct buf *unused)
{
	const struct foreign_task *errand = with;
	size_t length = 0;
	char *got = begin(errand) ? fd_read_file(errand->path, errand->most, &length) : NULL;

	(void)unused;
	if (!got)
		return -1;
	buf_add(text, got, length);
	free(got);
	errno = 0;
	return -1;
}

static bool is_program(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && S_ISREG(status.st_mode) && access(path, X_OK) == 0;
}

/* Whether its owner may execute it, as access(2) asks for superd's real user, who stays what it was. */
static int look_for_program(const void *with, struct buf *unused, struct buf *also)
{
	const struct foreign_task *errand = with;
	struct stat status;

	(void)unused, (void)also;
	errno = EACCES;
	if (begin(errand) && stat(errand->path, &status) == 0) {
		bool good = S_ISREG(status.st_mode) && status.st_mode & (S_IXUSR | S_IXGRP | S_IXOTH);

		errno = good ? 0 : EACCES;
	}
	return -1;
}

/* Looks at all interpreters with the rights of the user who owns the program's folder. */
static int look_for_interpreters(const void *with, struct buf *wrong, struct buf *unused)
{
	const struct foreign_task *errand = with;

	(void)unused;
	errno = EACCES;
	if (begin(errand))
		errno = interpreter_is_wrong(NULL, errand->path, NULL, NULL, wrong) ? 0 : ENOENT;
	return -1;
}

static int follow_links(const void *with, struct buf *real, struct buf *unused)
{
	const struct foreign_task *errand = with;
	char path[PATH_MAX];

	(void)unused;
	if (!begin(errand) || !realpath(errand->path, path))
		return -1;
	buf_text(real, path);
	errno = 0;
	return -1;
}

/* The names one behind the other, each with its NUL. */
static int find_names(const void *with, struct buf *names, struct buf *unused)
{
	const struct foreign_task *errand = with;
	glob_t found = { 0 };
	int result = glob(errand->path, 0, NULL, &found);

	(void)unused;
	for (size_t n = 0; result == 0 && n < found.gl_pathc; n++)
		buf_add(names, found.gl_pathv[n], strlen(found.gl_pathv[n]) + 1);
	errno = result == 0 ? 0 : result == GLOB_NOMATCH ? ENOENT : result == GLOB_NOSPACE ? ENOMEM : EACCES;
	if (names->length > SPAWN_TEXT)
		errno = E2BIG;
	globfree(&found);
	return -1;
}

static int unlink_file(const void *with, struct buf *unused, struct buf *also)
{
	const struct foreign_task *errand = with;

	(void)unused, (void)also;
	if (begin(errand) && unlink(errand->path) == 0)
		errno = 0;
	return -1;
}

static bool do_errand(timed_work *work, const struct foreign_task *errand, struct buf *text)
{
	struct buf none = { 0 };

	int error;

	foreign_fork(errand->path, work, errand, -1, text, &none);
	error = errno;
	buf_free(&none);
	errno = error;
	return error == 0;
}

char *foreign_read_file(const char *path, size_t most, size_t *length)
{
	struct path_finding finding;
	const struct foreign_task errand = { .path = path, .most = most < SPAWN_TEXT ? most : SPAWN_TEXT,
				       .finding = &finding };
	struct buf text = { 0 };

	if (!leads_to_foreign(path, &finding))
		return fd_read_file(path, most, length);
	if (do_errand(read_file, &errand, &text)) {
		*length = text.length;
		return text.data ? buf_take(&text) : strdup("");
	}
	buf_free(&text);
	return NULL;
}

int foreign_unlink(const char *path)
{
	struct path_finding finding;
	const struct foreign_task errand = { .path = path, .finding = &finding };
	struct buf none = { 0 };
	bool good;

	if (!path_is_foreign(path, &finding))
		return unlink(path);
	good = do_errand(unlink_file, &errand, &none);
	buf_free(&none);
	return good ? 0 : -1;
}

bool foreign_is_program(const char *path)
{
	struct path_finding finding;
	const struct foreign_task errand = { .path = path, .finding = &finding };
	struct buf none = { 0 };
	bool good;

	if (!leads_to_foreign(path, &finding))
		return is_program(path);
	good = do_errand(look_for_program, &errand, &none);
	buf_free(&none);
	return good;
}

static bool may_look(const void *unused, const char *path)
{
	struct path_finding finding;

	(void)unused;
	return !leads_to_foreign(path, &finding);
}

bool foreign_interpreter_is_wrong(const char *program, struct buf *why)
{
	struct path_finding finding;
	const struct foreign_task errand = { .path = program, .finding = &finding };

	if (!leads_to_foreign(program, &finding))
		return interpreter_is_wrong(NULL, program, may_look, NULL, why);
	return do_errand(look_for_interpreters, &errand, why);
}

char *foreign_real_path(const char *path)
{
	struct path_finding finding;
	const struct foreign_task errand = { .path = path, .finding = &finding };
	struct buf real = { 0 };
	char *result;

	if (!leads_to_foreign(path, &finding))
		return realpath(path, NULL);
	result = do_errand(follow_links, &errand, &real) ? buf_take(&real) : NULL;
	buf_free(&real);
	return result;
}

/* Folders whose names it tells are anybody's, so it is done by superd itself only where there are none. */
bool foreign_glob(const char *pattern, struct buf *names)
{
	const struct foreign_task errand = { .path = pattern };
	const char *slash = strrchr(pattern, '/');
	struct path_finding finding;

	if ((slash && strcspn(pattern, "*?[") < (size_t)(slash - pattern)) || path_is_foreign(pattern, &finding))
		return do_errand(find_names, &errand, names);
	find_names(&errand, names, NULL);
	return errno == 0;
}
