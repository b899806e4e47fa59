/* The folder that holds one superd's control groups.
 *
 * Its name contains superd's pid, and pids are reused. A folder of an earlier superd may still hold processes, frozen
 * ones too, so marks in extended attributes (user.superd.*) tell whose it is. */
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
#include "os/proc/process.h"

#define HEIR "user.superd.heir"          /* of a group that a later superd has: its pid, and when that began */
#define IDENTITY "user.superd.identity"
#define MARK "user.superd.born"          /* of its superd, in the kernel's clock (os/proc/process) */
#define BASES_MOST 100 /* of the same pid that somebody lives on in */

/* Whether the text behind the pid is this namespace's suffix, maybe with ".NUMBER" behind it. */
static bool is_suffix(const char *text, const char *suffix)
{
	size_t length = strlen(suffix);

	return !strncmp(text, suffix, length) && (!text[length] || text[length] == '.');
}

/* When the superd of this folder began; 0: nobody has noted it, as the kernel keeps no such notes (Linux 5.7). */
static int64_t read_mark(const char *path)
{
	char text[24];
	ssize_t length = lgetxattr(path, MARK, text, sizeof(text) - 1);

	text[length > 0 ? length : 0] = '\0';
	return strtoll(text, NULL, 10);
}

static void set_marks(const char *path, const char *identity)
{
	struct process process;
	char text[24];

	if (identity)
		lsetxattr(path, IDENTITY, identity, strlen(identity), 0);
	if (!process_read(getpid(), &process))
		return;
	snprintf(text, sizeof(text), "%lld", (long long)process.start_time);
	lsetxattr(path, MARK, text, strlen(text), 0);
}

static enum cgroup_owner find_heir(const char *path, const char *identity)
{
	char text[CGROUP_IDENTITY_MOST];
	ssize_t length = lgetxattr(path, IDENTITY, text, sizeof(text));

	return length >= 0 && identity && strlen(identity) == (size_t)length && !memcmp(text, identity, (size_t)length)
		       ? CGROUP_OF_US
		       : CGROUP_OF_OTHER;
}

/* Only whoever made the folder, and root, could have put anybody in a group of it. */
static bool is_ours(const char *path)
{
	struct stat status;

	return lstat(path, &status) == 0 && S_ISDIR(status.st_mode) && status.st_uid == geteuid() &&
	       !(status.st_mode & (S_IWGRP | S_IWOTH));
}

/* The pid of one that is gone may be somebody else's by now, so when that one began counts. Without the note of it a
 * pid that lives stands for its superd. */
static bool is_left(const char *path, pid_t pid)
{
	struct process process;
	int64_t start_time;

	if (!is_ours(path))
		return false;
	if (pid == getpid() || (kill(pid, 0) < 0 && errno == ESRCH))
		return true;
	start_time = read_mark(path);
	return process_read(pid, &process) && (process.ended || (start_time && start_time != process.start_time));
}

void cgroup_parent_each_left(const char *own, const char *mine, const char *identity,
			     void (*see)(void *context, const char *path, enum cgroup_owner heir), void *context)
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
		if ((!mine || strcmp(path, mine) != 0) && is_left(path, (pid_t)pid))
			see(context, path, find_heir(path, identity));
	}
	if (stream)
		closedir(stream);
}

void cgroup_parent_adopt(const char *group)
{
	struct process process;
	char text[48];

	if (!process_read(getpid(), &process))
		return;
	snprintf(text, sizeof(text), "%ld %lld", (long)getpid(), (long long)process.start_time);
	lsetxattr(group, HEIR, text, strlen(text), 0);
}

bool cgroup_parent_is_adopted(const char *group)
{
	struct process process;
	char text[48], *end;
	ssize_t length = lgetxattr(group, HEIR, text, sizeof(text) - 1);
	long pid;

	text[length > 0 ? length : 0] = '\0';
	pid = strtol(text, &end, 10);
	return pid > 0 && process_read((pid_t)pid, &process) && !process.ended &&
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

/* A pid comes again, in a container always the same: then a folder of its name is an earlier superd's. */
char *cgroup_parent_claim(const char *own, const char *identity)
{
	char path[PATH_MAX - 64 - CGROUP_NAME_MOST], suffix[24];
	int length;

	cgroup_parent_suffix(suffix, sizeof(suffix));
	length = snprintf(path, sizeof(path) - 8, "%s/" CGROUP_BASE "%ld%s", own, (long)getpid(), suffix);
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
	set_marks(path, identity);
	return strdup(path);
}
