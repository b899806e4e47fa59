/* The control group that a service keeps from instance to instance.
 *
 * A service's name may contain characters that a folder's name may not; these are escaped. Opening the group is part of
 * each start, so it takes as few system calls as possible and checks nothing. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/fd.h"
#include "os/cgroup/cgroup.h"
#include "os/proc/clone_into_cgroup.h"

#define NAME_MOST 180

/* Appends the group's name. Different services have different names, no name is hidden, and none is that of an
 * instance's group, which ends in a number. false: it is too long. */
static bool add_group_name(struct buf *path, const char *service)
{
	size_t before = path->length;

	for (const char *at = service; *at; at++) {
		unsigned char byte = (unsigned char)*at;

		if (byte <= ' ' || byte == '/' || byte == '\\' || byte == 0x7f || (byte == '.' && at == service))
			buf_addf(path, "\\x%02x", byte);
		else
			buf_char(path, *at);
		if (path->length - before > NAME_MOST)
			return false;
	}
	buf_text(path, ".service");
	return true;
}

char *cgroups_service_path(const struct cgroups *cgroups, const char *service)
{
	struct buf path = { 0 };

	buf_addf(&path, "%s/", cgroups->base);
	if (add_group_name(&path, service))
		return buf_take(&path);
	buf_free(&path);
	return NULL;
}

int cgroup_service_open(const char *path, bool *fresh)
{
	int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	*fresh = fd < 0 && errno == ENOENT && mkdir(path, 0755) == 0;
	return *fresh ? open(path, O_PATH | O_DIRECTORY | O_CLOEXEC) : fd;
}

bool cgroup_service_reopen(const char *path, int fd)
{
	bool fresh, done;
	int again = cgroup_service_open(path, &fresh);

	done = again >= 0 && dup3(again, fd, O_CLOEXEC) == fd;
	fd_close(&again);
	return done;
}

int cgroup_open_events(int folder)
{
	return openat(folder, "cgroup.events", O_RDONLY | O_CLOEXEC);
}

/* The kernel writes these few short lines anew for each read at offset 0. */
int cgroup_read_events(int events)
{
	char text[256];
	ssize_t got = pread(events, text, sizeof(text) - 1, 0);

	if (got < 0)
		return -1;
	text[got] = '\0';
	return strstr(text, "populated 1") ? 1 : 0;
}

bool cgroups_test_start(const struct cgroups *cgroups)
{
	char path[PATH_MAX];
	bool lives, fresh;
	int group;

	if (snprintf(path, sizeof(path), "%s/trial", cgroups->base) >= (int)sizeof(path))
		return false;
	group = cgroup_service_open(path, &fresh);
	lives = group >= 0 && clone_into_cgroup_survives(group);
	fd_close(&group);
	cgroup_remove(path);
	return lives;
}
