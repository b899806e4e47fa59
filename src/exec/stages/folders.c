/* Makes the folders of a service: runtime, state, cache, logs, configuration.
 *
 * Those below the base may belong to the service's user, who could put a symlink anywhere, or mount a file system that
 * never answers. So this walks down by descriptor, part by part, and never follows a link there; and it is the start
 * that waits, and not superd. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "exec/child/child.h"
#include "exec/stages/stages.h"
#include "lib/fd.h"

/* Makes each missing part of the path below the base. *is_new: the last part was missing. A descriptor of it, or -1. */
static int make_path(int base, char *path, bool *is_new)
{
	int at = fcntl(base, F_DUPFD_CLOEXEC, 3), next;
	char *part;

	*is_new = false;
	while (at >= 0 && (part = strsep(&path, "/"))) {
		if (!*part)
			continue;
		*is_new = mkdirat(at, part, 0755) == 0;
		next = *is_new || errno == EEXIST ? openat(at, part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
						  : -1;
		fd_close(&at);
		at = next;
	}
	return at;
}

/* An existing folder keeps its mode unless the table sets one. */
static bool set_permissions(const struct own_folder *folder, const struct account *account, int fd, bool is_new)
{
	if ((is_new || folder->sets_mode) && fchmod(fd, folder->mode) < 0)
		return false;
	return !folder->is_owned || !account || fchown(fd, account->uid, account->gid) == 0;
}

static bool make_link(int base, const struct own_folder *folder)
{
	char *slash = strrchr(folder->link, '/'), *last = slash ? slash + 1 : folder->link;
	bool is_new, good;
	int at;

	if (slash)
		*slash = '\0';
	at = slash ? make_path(base, folder->link, &is_new) : fcntl(base, F_DUPFD_CLOEXEC, 3);
	good = at >= 0 && (symlinkat(folder->target, at, last) == 0 ||
			   (errno == EEXIST && own_folder_leads_to(at, last, folder->target)));
	fd_close(&at);
	return good;
}

/* Opens the base, and creates it and missing folders above it. It is the administrator's, so symlinks to it are
 * followed. If creating fails, so does opening. */
static int open_base(const char *base)
{
	fd_make_parents(base, 0755);
	mkdir(base, 0755);
	return open(base, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

int own_folder_make(const struct own_folder *folder, const struct account *account)
{
	int base = open_base(folder->base), fd = -1;
	bool is_new = false;

	if (base >= 0)
		fd = make_path(base, folder->name, &is_new);
	if (fd >= 0 && (!set_permissions(folder, account, fd, is_new) || (folder->link && !make_link(base, folder))))
		fd_close(&fd);
	fd_close(&base);
	return fd;
}

int folders_make(struct job *job)
{
	for (size_t n = 0; n < job->plan->folder_count; n++) {
		int fd = own_folder_make(&job->plan->folders[n], job->plan->account);

		job->fault.resource = (int)n;
		if (fd < 0)
			return -1;
		fd_close(&fd);
	}
	return 0;
}
