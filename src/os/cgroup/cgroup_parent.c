/* The folder that holds one superd's control groups.
 *
 * Its name contains superd's pid, and pids are reused. An earlier superd's folder may still hold processes, frozen ones
 * too. So extended attributes (user.superd.*) record who owns it. */
#include "os/cgroup/cgroup_parent.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "os/cgroup/cgroup.h"
#include "os/cgroup/cgroup_delegation.h"
#include "os/guard/guard_link.h"
#include "os/proc/process.h"

#define ADOPTER_ATTRIBUTE "user.superd.heir"            /* of an adopted group: the adopter's pid and start time */
#define IDENTITY_ATTRIBUTE "user.superd.identity"       /* of a base folder */
#define START_TIME_ATTRIBUTE "user.superd.born"         /* of a base folder: its superd's (os/proc/process) */
#define BASES_MOST 100                  /* folders for one pid that still hold processes */

/* Whether the text behind the pid is this namespace's suffix, optionally followed by ".NUMBER". */
static bool is_suffix(const char *text, const char *suffix)
{
	size_t length = strlen(suffix);

	return !strncmp(text, suffix, length) && (!text[length] || text[length] == '.');
}

/* The start time of this folder's superd; 0: it is not recorded, as kernels before Linux 5.7 have no extended
 * attributes here. */
static int64_t read_start_time(const char *path)
{
	char text[24];
	ssize_t length = lgetxattr(path, START_TIME_ATTRIBUTE, text, sizeof(text) - 1);

	text[length > 0 ? length : 0] = '\0';
	return strtoll(text, NULL, 10);
}

static void set_attributes(const char *path, const char *identity)
{
	struct process process;
	char text[24];

	if (identity)
		lsetxattr(path, IDENTITY_ATTRIBUTE, identity, strlen(identity), 0);
	if (!process_read(guard_first_pid(), &process))
		return;
	snprintf(text, sizeof(text), "%lld", (long long)process.start_time);
	lsetxattr(path, START_TIME_ATTRIBUTE, text, strlen(text), 0);
}

static enum cgroup_owner find_owner(const char *path, const char *identity)
{
	char text[CGROUP_IDENTITY_MOST];
	ssize_t length = lgetxattr(path, IDENTITY_ATTRIBUTE, text, sizeof(text));

	return length >= 0 && identity && strlen(identity) == (size_t)length && !memcmp(text, identity, (size_t)length)
		       ? CGROUP_OF_US
		       : CGROUP_OF_OTHER;
}

/* Whether superd's user owns the folder. Only its owner and root could have put a process into a group of it. */
static bool is_own_folder(const char *path)
{
	struct stat status;

	return lstat(path, &status) == 0 && S_ISDIR(status.st_mode) && status.st_uid == geteuid() &&
	       !(status.st_mode & (S_IWGRP | S_IWOTH));
}

/* Whether the folder's superd has ended. Its pid may belong to another process by now, so the start time decides. If
 * that is not recorded, a living process of that pid counts as the superd. */
static bool is_abandoned(const char *path, pid_t pid)
{
	struct process process;
	int64_t start_time;

	if (!is_own_folder(path))
		return false;
	if (pid == guard_first_pid() || (kill(pid, 0) < 0 && errno == ESRCH))
		return true;
	start_time = read_start_time(path);
	return process_read(pid, &process) && (process.ended || (start_time && start_time != process.start_time));
}

void cgroup_parent_each_left(const char *own, const char *mine, const char *identity,
			     void (*see)(void *context, const char *path, enum cgroup_owner owner), void *context)
{
	DIR *stream = opendir(own);
	struct dirent *entry;
	char path[PATH_MAX], suffix[24], *end;

	cgroup_parent_suffix(suffix, sizeof(suffix));
	while (stream && (entry = readdir(stream))) {
		long pid;

		if (strncmp(entry->d_name, CGROUP_BASE, sizeof(CGROUP_BASE) - 1) != 0)
			continue;
		pid = strtol(entry->d_name + sizeof(CGROUP_BASE) - 1, &end, 10);
		if (pid < 1 || pid > INT_MAX || !is_suffix(end, suffix) ||
		    snprintf(path, sizeof(path), "%s/%s", own, entry->d_name) >= (int)sizeof(path))
			continue;
		if ((!mine || strcmp(path, mine) != 0) && is_abandoned(path, (pid_t)pid))
			see(context, path, find_owner(path, identity));
	}
	if (stream)
		closedir(stream);
}

void cgroup_parent_adopt(const char *group)
{
	struct process process;
	char text[48];

	if (!process_read(guard_first_pid(), &process))
		return;
	snprintf(text, sizeof(text), "%ld %lld", (long)guard_first_pid(), (long long)process.start_time);
	lsetxattr(group, ADOPTER_ATTRIBUTE, text, strlen(text), 0);
}

bool cgroup_parent_is_adopted(const char *group)
{
	struct process process;
	char text[48], *end;
	ssize_t length = lgetxattr(group, ADOPTER_ATTRIBUTE, text, sizeof(text) - 1);
	long pid;

	text[length > 0 ? length : 0] = '\0';
	pid = strtol(text, &end, 10);
	return pid > 0 && pid != guard_first_pid() && process_read((pid_t)pid, &process) && !process.ended &&
	       process.start_time == strtoll(end, NULL, 10);
}

void cgroup_parent_each_group(const char *path, void (*see)(void *context, const char *group), void *context)
{
	DIR *stream = opendir(path);
	struct dirent *entry;
	char group[PATH_MAX];

	while (stream && (entry = readdir(stream))) {
		if (entry->d_name[0] != '.' && entry->d_type == DT_DIR &&
		    snprintf(group, sizeof(group), "%s/%s", path, entry->d_name) < (int)sizeof(group))
			see(context, group);
	}
	if (stream)
		closedir(stream);
}

/* A pid is reused, in a container always the same one. Then the folder with its name is an earlier superd's. */
char *cgroup_parent_claim(const char *own, const char *identity)
{
	char path[PATH_MAX - 64 - CGROUP_NAME_MOST], suffix[24];
	int length;

	cgroup_parent_suffix(suffix, sizeof(suffix));
	length = snprintf(path, sizeof(path) - 8, "%s/" CGROUP_BASE "%ld%s", own, (long)guard_first_pid(), suffix);
	if (length < 0 || (size_t)length >= sizeof(path) - 8) {
		errno = ENAMETOOLONG;
		return NULL;
	}
	for (unsigned n = 2; mkdir(path, 0755) < 0; n++) {
		if (errno != EEXIST || n > BASES_MOST)
			return NULL;
		if (!cgroup_remove(path))
			snprintf(path + length, sizeof(path) - (size_t)length, ".%u", n);
	}
	set_attributes(path, identity);
	return strdup(path);
}
