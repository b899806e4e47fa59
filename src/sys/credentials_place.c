/* The child's part of credentials: a folder, in memory where that can be.
 *
 * The hard thing is a folder that cannot be this start's alone, as nothing can be mounted: it is filled beside its
 * place and renamed when it is whole, and who finds one there takes that. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/child.h"
#include "sys/condition_parts.h"
#include "sys/confine_tree.h"
#include "sys/credentials_parts.h"

#define IN_MEMORY "mode=0755,size=2m,nr_inodes=1100"
#define DEPTH_MOST 64                   /* folders above one another; deeper there is none that superd makes */

static int refuse(int error)
{
	errno = error;
	return -1;
}

/* What a command with all rights mounts is for the machine, so its view is cut off no further than it has to be: only
 * what is mounted on the file system that holds the folder stays with it. Where that begins is found going up. */
static bool close_around(const char *folder)
{
	if (chdir(folder) < 0)
		return false;
	for (unsigned n = 0; mount(NULL, ".", NULL, MS_SLAVE, NULL) < 0; n++) {
		if (errno != EINVAL || n == DEPTH_MOST || chdir("..") < 0)
			return false;
	}
	return true;
}

/* A view of its own, where nobody else sees what is mounted. */
static bool mount_memory(const char *above, bool privileged)
{
	unsigned long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC;

	if (unshare(CLONE_NEWNS) < 0 || (!privileged && mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0))
		return false;
	tree_make_folders(above);
	if (privileged && !close_around(above))
		return false;
	return mount("tmpfs", above, "tmpfs", flags, IN_MEMORY ",noswap") == 0 ||
	       mount("tmpfs", above, "tmpfs", flags, IN_MEMORY) == 0;
}

static int open_place(struct loading *loading)
{
	text_add_word(&loading->place, loading->at->folder);
	loading->is_mounted = mount_memory(loading->at->above, loading->is_privileged);
	if (!loading->is_mounted) {
		text_add(&loading->place, ".", 1);
		text_add_number(&loading->place, (uint64_t)getpid());
		tree_make_folders(loading->at->above);
	}
	if (loading->place.failed)
		return refuse(ENAMETOOLONG);
	if (mkdir(loading->place.text, 0700) < 0)
		return -1;
	loading->folder = open(loading->place.text, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return loading->folder;
}

static int close_folder(struct loading *loading)
{
	const struct credentials *credentials = loading->credentials;

	if (fchown(loading->folder, credentials->user, credentials->group) < 0 || fchmod(loading->folder, 0500) < 0)
		return -1;
	if (loading->is_mounted)
		return mount(NULL, loading->at->above, NULL,
			     MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
	return rename(loading->place.text, loading->at->folder);
}

static bool unlink_entry(void *context, int folder, const char *name)
{
	(void)context;
	unlinkat(folder, name, 0);
	return false;
}

/* What is left of one that did not become whole, or was not the first. */
static void discard(struct loading *loading)
{
	int error = errno, folder = open(loading->place.text, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (folder >= 0 && fchmod(folder, 0700) == 0)
		condition_any_entry(folder, unlink_entry, NULL);
	if (folder >= 0)
		close(folder);
	rmdir(loading->place.text);
	errno = error;
}

/* One that another instance made, and has not been taken away. */
static bool is_made(const char *place)
{
	struct stat status;

	return stat(place, &status) == 0 && S_ISDIR(status.st_mode) && (status.st_mode & 0777) == 0500;
}

int credentials_load(struct job *job)
{
	struct loading loading = { .credentials = job->plan->credentials, .folder = -1 };
	mode_t before;
	int result;

	if (!loading.credentials)
		return 0;
	loading.is_privileged = job->command->flags & COMMAND_PRIVILEGED;
	loading.at = &loading.credentials->at[loading.is_privileged];
	before = umask(0);
	job->fault.resource = -1;
	result = open_place(&loading) < 0 ? -1 : 0;
	if (result == 0 && !loading.is_mounted && is_made(loading.at->folder)) {
		discard(&loading);
	} else if (result == 0) {
		result = credentials_load_all(job, &loading);
		if (result == 0) {
			job->fault.resource = -1;
			result = close_folder(&loading);
		}
		if (result < 0 && !loading.is_mounted) {
			discard(&loading);
			result = is_made(loading.at->folder) ? 0 : -1;
		}
	}
	if (loading.folder >= 0)
		close(loading.folder);
	if (result == 0)
		job->fault.resource = 0;
	umask(before);
	return result;
}
