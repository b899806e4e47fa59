/* Decides who opens a path: superd itself, a child as the service's user, or no process.
 *
 * In a sticky folder such as /tmp, a file that superd created is safe, as other users cannot replace it. A missing file
 * belongs to whoever creates it first, so superd creates it before it trusts it. */
#include "os/fs/path_opener.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/clock.h"

#define CACHE_SECONDS 5                 /* mounts below root's folders are root's, so an old list does no harm */

const char *path_mounts_cached(void)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	static char *mounts, *before;
	static double read_at;
	double now = clock_now();
	const char *result;

	pthread_mutex_lock(&lock);
	if (!mounts || now - read_at >= CACHE_SECONDS) {
		free(before);
		before = mounts;
		mounts = path_mounts();
		read_at = now;
	}
	result = mounts;
	pthread_mutex_unlock(&lock);
	return result;
}

/* Creates the file only if it is new, and follows no link: so superd owns it if this succeeds. */
static bool create_file(const char *path, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC, mode);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

bool path_is_open_to_us(const char *path, mode_t mode, const struct account *account, const char *mounts,
			struct path_finding *finding)
{
	if (path_is_trusted_for(path, PATH_OPEN_FLAWS, account, mounts, finding))
		return true;
	return mode && finding->is_missing && create_file(path, mode) &&
	       path_is_trusted_for(path, PATH_OPEN_FLAWS, account, mounts, finding);
}

static bool is_mounted_by_root(const struct path_finding *finding)
{
	return finding->flaw == PATH_REMOTE && finding->owner == 0;
}

/* Whether the account is another, unprivileged user, whose rights are no danger. */
static bool is_other_user(const struct account *account)
{
	return account && account->switches && account->uid != 0 && account->uid != geteuid();
}

enum path_opener path_opener_by(const struct account *account, const struct path_finding *finding)
{
	return is_other_user(account) || is_mounted_by_root(finding) ? PATH_OPENED_BY_CHILD : PATH_REFUSED;
}

enum path_opener path_opener(const char *path, mode_t mode, const struct account *account, const char *mounts,
			     struct path_finding *finding)
{
	if (account && !account->switches)
		account = NULL;
	if (path_is_open_to_us(path, mode, account, mounts, finding))
		return PATH_OPENED_BY_SUPERD;
	return path_opener_by(account, finding);
}

void path_finding_add(const struct path_finding *finding, struct buf *out)
{
	buf_text(out, ": ");
	path_finding_describe(finding, out);
	if (finding->flaw == PATH_OWNER || finding->flaw == PATH_GROUP || finding->flaw == PATH_WORLD)
		buf_text(out, ", who could replace it by a link");
}
