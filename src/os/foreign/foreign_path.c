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
#include <string.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/hash.h"
#include "os/foreign/act_as.h"

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

void foreign_give_up(const char *path)
{
	uint64_t hash = hash_text(HASH_START, path);

	pthread_mutex_lock(&timeouts_lock);
	timeouts[hash % TIMEOUTS_MOST].path = hash;
	timeouts[hash % TIMEOUTS_MOST].until = clock_now() + RETRY_PAUSE;
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
		foreign_give_up(path);
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

int path_glob(const char *pattern, struct buf *names)
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
