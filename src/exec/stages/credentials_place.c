/* The folder that holds credentials, in memory where a tmpfs can be mounted.
 *
 * Without a mount the folder is visible to other starts. superd-exec then fills a folder beside the final place and
 * renames it when it is complete; if it finds a complete one there already, it uses that. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "exec/child/child.h"
#include "exec/stages/condition_internal.h"
#include "exec/stages/credentials_internal.h"
#include "exec/stages/mount_tree.h"
#include "exec/stages/stages.h"
#include "lib/fd.h"

#define IN_MEMORY "mode=0755,size=2m,nr_inodes=1100"
#define DEPTH_MOST 64                   /* nested folders; superd creates none deeper */

static int fail_with(int error)
{
	errno = error;
	return -1;
}

/* Limits where mounts of the credentials propagate to (mount_namespaces(7)). A command with all rights mounts for the
 * whole machine, so only the file system with the folder becomes a slave, from its mount point downwards; the loop
 * finds the mount point by going up. */
static bool make_mount_slave(const char *folder)
{
	if (chdir(folder) < 0)
		return false;
	for (unsigned n = 0; mount(NULL, ".", NULL, MS_SLAVE, NULL) < 0; n++) {
		if (errno != EINVAL || n == DEPTH_MOST || chdir("..") < 0)
			return false;
	}
	return true;
}

static int open_parent_folder(const struct credential_load *loading)
{
	const struct credentials_place *at = loading->at;

	if (at->root)
		return credentials_open_below(at->root, at->above + strlen(at->root), true);
	mount_tree_make_folders(loading->walk.account, at->above);
	return open(at->above, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

/* Mounts a tmpfs in a mount namespace of its own, where no other process sees it. */
static bool mount_tmpfs(const char *above, bool privileged)
{
	unsigned long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC;

	if (unshare(CLONE_NEWNS) < 0 || (!privileged && mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0))
		return false;
	if (privileged && !make_mount_slave(above))
		return false;
	return mount("tmpfs", above, "tmpfs", flags, IN_MEMORY ",noswap") == 0 ||
	       mount("tmpfs", above, "tmpfs", flags, IN_MEMORY) == 0;
}

/* Mounts the tmpfs over the folder above, by its path, as mount(2) needs one. If the folder that is open is not covered
 * afterwards, the path led elsewhere. */
static int cover_parent(struct credential_load *loading)
{
	struct stat before, after;

	loading->above = open_parent_folder(loading);
	if (loading->above < 0)
		return -1;
	loading->is_mounted = mount_tmpfs(loading->at->above, loading->is_privileged);
	if (!loading->is_mounted)
		return 0;
	if (fstat(loading->above, &before) < 0)
		return -1;
	fd_close(&loading->above);
	loading->above = open_parent_folder(loading);
	if (loading->above < 0 || fstat(loading->above, &after) < 0)
		return -1;
	return before.st_dev == after.st_dev ? fail_with(ELOOP) : 0;
}

static const char *final_name(const struct credentials_place *at)
{
	return at->folder + strlen(at->above) + 1;
}

static int open_new_folder(struct credential_load *loading)
{
	if (cover_parent(loading) < 0)
		return -1;
	text_add_word(&loading->place, final_name(loading->at));
	if (!loading->is_mounted) {
		text_add(&loading->place, ".", 1);
		text_add_hex(&loading->place, (uint64_t)getpid());
	}
	if (loading->place.failed)
		return fail_with(ENAMETOOLONG);
	if (mkdirat(loading->above, loading->place.text, 0700) < 0)
		return -1;
	loading->folder = openat(loading->above, loading->place.text,
				 O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return loading->folder;
}

static int publish_folder(struct credential_load *loading)
{
	const struct credentials *credentials = loading->credentials;

	if (fchown(loading->folder, credentials->user, credentials->group) < 0 || fchmod(loading->folder, 0500) < 0)
		return -1;
	if (loading->is_mounted)
		return mount(NULL, loading->at->above, NULL,
			     MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
	return renameat(loading->above, loading->place.text, loading->above, final_name(loading->at));
}

static bool unlink_entry(void *context, int folder, const char *name)
{
	(void)context;
	unlinkat(folder, name, 0);
	return false;
}

/* Removes a folder that is incomplete, or that another instance completed first. */
static void discard_folder(struct credential_load *loading)
{
	int error = errno, folder = openat(loading->above, loading->place.text,
					   O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (folder >= 0 && fchmod(folder, 0700) == 0)
		condition_any_entry(folder, unlink_entry, NULL);
	if (folder >= 0)
		close(folder);
	unlinkat(loading->above, loading->place.text, AT_REMOVEDIR);
	errno = error;
}

/* Whether another instance has completed the folder, and it still exists. */
static bool is_complete(const struct credential_load *loading)
{
	struct stat status;

	return fstatat(loading->above, final_name(loading->at), &status, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISDIR(status.st_mode) && (status.st_mode & 0777) == 0500;
}

int credentials_load(struct job *job)
{
	struct credential_load loading = { .credentials = job->plan->credentials, .folder = -1, .above = -1,
					  .walk = { .account = job->plan->account, .folder = -1 } };
	mode_t before;
	int result, error;

	if (!loading.credentials)
		return 0;
	loading.is_privileged = job->command->flags & COMMAND_PRIVILEGED;
	loading.at = &loading.credentials->at[loading.is_privileged];
	before = umask(0);
	job->fault.resource = -1;
	result = open_new_folder(&loading) < 0 ? -1 : 0;
	if (result == 0 && !loading.is_mounted && is_complete(&loading)) {
		discard_folder(&loading);
	} else if (result == 0) {
		result = credentials_load_all(job, &loading);
		if (result == 0) {
			job->fault.resource = -1;
			result = publish_folder(&loading);
		}
		if (result < 0 && !loading.is_mounted) {
			error = errno;
			discard_folder(&loading);
			result = is_complete(&loading) ? 0 : fail_with(error);
		}
	}
	fd_close(&loading.folder);
	fd_close(&loading.above);
	if (result == 0)
		job->fault.resource = 0;
	umask(before);
	return result;
}
