/* Work on paths through other users' folders, done by a separate process with the folder owner's rights.
 *
 * With the rights of the first such folder's owner superd reaches nothing that the owner could not reach anyway. */
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

#include "lib/clock.h"
#include "lib/fd.h"
#include "lib/hash.h"
#include "os/foreign/act_as.h"
#include "os/fs/interpreter.h"

#define NOBODY 65534
#define TIMEOUT 1000                    /* milliseconds until work is given up */
#define RETRY_PAUSE 20                  /* seconds for which work on a path fails at once after a timeout */
#define TIMEOUTS_MOST 64

/* Paths whose work timed out lately, as a hash table without chains: a newer path replaces an older one. The lock is
 * for the configuration loader's thread. */
static struct { uint64_t path; double until; } timeouts[TIMEOUTS_MOST];
static pthread_mutex_t timeouts_lock = PTHREAD_MUTEX_INITIALIZER;

static bool timed_out_lately(uint64_t path)
{
	bool was;

	pthread_mutex_lock(&timeouts_lock);
	was = timeouts[path % TIMEOUTS_MOST].path == path && clock_now() < timeouts[path % TIMEOUTS_MOST].until;
	pthread_mutex_unlock(&timeouts_lock);
	return was;
}

static void note_timeout(uint64_t path)
{
	pthread_mutex_lock(&timeouts_lock);
	timeouts[path % TIMEOUTS_MOST].path = path;
	timeouts[path % TIMEOUTS_MOST].until = clock_now() + RETRY_PAUSE;
	pthread_mutex_unlock(&timeouts_lock);
}

bool foreign_execute(struct timed_job *job, const char *path, int program, char *const *argv, int input)
{
	job->answer = -1;
	errno = ETIMEDOUT;
	return !timed_out_lately(hash_text(HASH_START, path)) && timed_job_execute(job, program, argv, input, TIMEOUT);
}

int foreign_end(struct timed_job *job, const char *path, struct buf *why, struct buf *warnings)
{
	int result = timed_job_end(job, why, warnings);

	if (result < 0 && errno == ETIMEDOUT)
		note_timeout(hash_text(HASH_START, path));
	return result;
}

int foreign_fork(const char *path, timed_work *work, const void *with, int kept, struct buf *why,
		 struct buf *warnings)
{
	struct timed_job job;

	errno = ETIMEDOUT;
	if (timed_out_lately(hash_text(HASH_START, path)) || !timed_job_begin(&job, work, with, kept, TIMEOUT))
		return -1;
	return foreign_end(&job, path, why, warnings);
}

bool path_is_foreign(const char *path, struct path_finding *finding)
{
	const char *slash = strrchr(path, '/');
	char folder[PATH_MAX];

	if (!slash || snprintf(folder, sizeof(folder), "%.*s/.", (int)(slash - path), path) >= (int)sizeof(folder))
		return false;
	return !path_is_trusted_for(folder, PATH_OPEN_FLAWS, NULL, path_mounts_cached(), finding);
}

bool path_leads_to_foreign(const char *path, struct path_finding *finding)
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
			return true;    /* open(2) reports it */
		path = whole;
	}
	if (path_is_open_to_us(path, mode, NULL, path_mounts_cached(), &finding) || (!mode && finding.is_missing))
		return true;
	if (finding.is_absent && !finding.is_missing) {
		buf_text(why, strerror(ENOENT));
		return false;
	}
	path_finding_describe(&finding, why);
	if (finding.error)
		return false;
	buf_text(why, finding.flaw == PATH_REMOTE
			      ? ": a file of superd must be on a file system of this machine"
			      : ", who could replace it by a link: a file of superd must be in directories of root");
	return false;
}

const struct account *foreign_actor(const struct path_finding *finding, uid_t uid, const struct account *known,
				    struct account *account)
{
	if (finding->flaw == PATH_OWNER || finding->flaw == PATH_REMOTE)
		uid = finding->owner;
	else
		uid = uid ? uid : NOBODY;
	*account = act_as_whom(uid, known && known->switches ? known : NULL);
	return geteuid() == 0 && uid != 0 ? account : NULL;
}

/* The work for one path, handed to the forked process. */
struct foreign_task {
	const char *path;
	size_t most;                    /* bytes to read at most */
	const struct path_finding *finding;     /* why the path is foreign; its owner is the one to act as */
	const struct account *account;  /* whose groups are known; NULL: nobody's */
};

static bool act_as_owner(const struct foreign_task *task)
{
	struct act_as before;
	struct account account;

	return act_as_begin(&before, foreign_actor(task->finding, NOBODY, task->account, &account));
}

/* A timed_work, as are those below: returns -1 with errno 0 on success. Puts the text in the place of a reason. */
static int read_file(const void *with, struct buf *text, struct buf *unused)
{
	const struct foreign_task *task = with;
	size_t length = 0;
	char *got = act_as_owner(task) ? fd_read_file(task->path, task->most, &length) : NULL;

	(void)unused;
	if (!got)
		return -1;
	buf_add(text, got, length);
	free(got);
	errno = 0;
	return -1;
}

static bool is_regular_executable(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && S_ISREG(status.st_mode) && access(path, X_OK) == 0;
}

/* access(2) would answer for the real user, which is still superd's. So this looks at the mode bits. */
static int look_for_program(const void *with, struct buf *unused, struct buf *also)
{
	const struct foreign_task *task = with;
	struct stat status;

	(void)unused, (void)also;
	errno = EACCES;
	if (act_as_owner(task) && stat(task->path, &status) == 0) {
		bool good = S_ISREG(status.st_mode) && status.st_mode & (S_IXUSR | S_IXGRP | S_IXOTH);

		errno = good ? 0 : EACCES;
	}
	return -1;
}

/* Examines all interpreters with the rights of the user who owns the program's folder. */
static int look_for_interpreters(const void *with, struct buf *wrong, struct buf *unused)
{
	const struct foreign_task *task = with;

	(void)unused;
	errno = EACCES;
	if (act_as_owner(task))
		errno = interpreter_is_wrong(NULL, task->path, NULL, NULL, wrong) ? 0 : ENOENT;
	return -1;
}

static int follow_links(const void *with, struct buf *real, struct buf *unused)
{
	const struct foreign_task *task = with;
	char path[PATH_MAX];

	(void)unused;
	if (!act_as_owner(task) || !realpath(task->path, path))
		return -1;
	buf_text(real, path);
	errno = 0;
	return -1;
}

/* Appends the names, each followed by a NUL. */
static int glob_names(const void *with, struct buf *names, struct buf *unused)
{
	const struct foreign_task *task = with;
	glob_t found = { 0 };
	int result = glob(task->path, 0, NULL, &found);

	(void)unused;
	for (size_t n = 0; result == 0 && n < found.gl_pathc; n++)
		buf_add(names, found.gl_pathv[n], strlen(found.gl_pathv[n]) + 1);
	errno = result == 0 ? 0 : result == GLOB_NOMATCH ? ENOENT : result == GLOB_NOSPACE ? ENOMEM : EACCES;
	if (names->length > WORK_TEXT_MOST)
		errno = E2BIG;
	globfree(&found);
	return -1;
}

static int unlink_file(const void *with, struct buf *unused, struct buf *also)
{
	const struct foreign_task *task = with;

	(void)unused, (void)also;
	if (act_as_owner(task) && unlink(task->path) == 0)
		errno = 0;
	return -1;
}

static bool run_task(timed_work *work, const struct foreign_task *task, struct buf *text)
{
	struct buf none = { 0 };
	int error;

	if (task->finding && task->finding->error) {
		errno = task->finding->error;           /* nobody knows whose rights would do */
		return false;
	}
	foreign_fork(task->path, work, task, -1, text, &none);
	error = errno;
	buf_free(&none);
	errno = error;
	return error == 0;
}

char *foreign_read_file(const char *path, const struct account *account, size_t most, size_t *length)
{
	struct path_finding finding;
	const struct foreign_task task = { .path = path, .most = most < WORK_TEXT_MOST ? most : WORK_TEXT_MOST,
				       .finding = &finding, .account = account };
	struct buf text = { 0 };

	if (!path_leads_to_foreign(path, &finding))
		return fd_read_file(path, most, length);
	if (run_task(read_file, &task, &text)) {
		*length = text.length;
		return text.data ? buf_take(&text) : strdup("");
	}
	buf_free(&text);
	return NULL;
}

int foreign_unlink(const char *path)
{
	struct path_finding finding;
	const struct foreign_task task = { .path = path, .finding = &finding };
	struct buf none = { 0 };
	bool good;

	if (!path_is_foreign(path, &finding))
		return unlink(path);
	good = run_task(unlink_file, &task, &none);
	buf_free(&none);
	return good ? 0 : -1;
}

bool foreign_is_program(const char *path)
{
	struct path_finding finding;
	const struct foreign_task task = { .path = path, .finding = &finding };
	struct buf none = { 0 };
	bool good;

	if (!path_leads_to_foreign(path, &finding))
		return is_regular_executable(path);
	good = run_task(look_for_program, &task, &none);
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
	struct path_finding finding;
	const struct foreign_task task = { .path = program, .finding = &finding };

	if (!path_leads_to_foreign(program, &finding))
		return interpreter_is_wrong(NULL, program, may_read_interpreter, NULL, why);
	return run_task(look_for_interpreters, &task, why);
}

char *foreign_real_path(const char *path)
{
	struct path_finding finding;
	const struct foreign_task task = { .path = path, .finding = &finding };
	struct buf real = { 0 };
	char *result;

	if (!path_leads_to_foreign(path, &finding))
		return realpath(path, NULL);
	result = run_task(follow_links, &task, &real) ? buf_take(&real) : NULL;
	buf_free(&real);
	return result;
}

/* A pattern with wildcards in a folder's name may lead into any user's folders, so superd calls glob itself only if
 * there are none. */
bool foreign_glob(const char *pattern, struct buf *names)
{
	const struct foreign_task task = { .path = pattern };
	const char *slash = strrchr(pattern, '/');
	struct path_finding finding;

	if ((slash && strcspn(pattern, "*?[") < (size_t)(slash - pattern)) || path_is_foreign(pattern, &finding))
		return run_task(glob_names, &task, names);
	glob_names(&task, names, NULL);
	return errno == 0;
}
