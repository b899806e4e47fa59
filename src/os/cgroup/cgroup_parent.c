/* The folder that holds one superd's control groups.
 *
 * Its name contains superd's pid, and pids are reused. An earlier superd's folder may still hold processes, frozen ones
 * too. So an extended attribute records who owns it. */
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

#include "lib/array.h"
#include "lib/clock.h"
#include "os/cgroup/cgroup.h"
#include "os/cgroup/cgroup_delegation.h"
#include "os/guard/guard_link.h"
#include "os/proc/process.h"

/* Of a base folder: pid and start time of the process that others know as its superd, then those of superd itself,
 * which outlives its guard. */
#define OWNER_ATTRIBUTE "user.superd.owner"
#define OWNER_MOST 96                   /* bytes of its text */
/* A reading stops after so long, as the loop waits for it. It is kept for so long, and so many times as it took. */
enum { READ_MS = 200, KEPT_MS = 2000, REST = 20 };

#define BASES_MOST 100                  /* folders for one pid that still hold processes */

/* Whether the text behind the pid is this namespace's suffix, optionally followed by ".NUMBER". */
static bool is_suffix(const char *text, const char *suffix)
{
	size_t length = strlen(suffix);

	return !strncmp(text, suffix, length) && (!text[length] || text[length] == '.');
}

void cgroup_parent_mark(const char *path)
{
	struct process first, own;
	char text[OWNER_MOST];

	if (!process_read(guard_first_pid(), &first) || !process_read(getpid(), &own))
		return;
	snprintf(text, sizeof(text), "%ld %lld %ld %lld", (long)guard_first_pid(), (long long)first.start_time,
		 (long)getpid(), (long long)own.start_time);
	lsetxattr(path, OWNER_ATTRIBUTE, text, strlen(text), 0);
}

/* Whether a recorded process lives. A pid may belong to another process by now, so the start time decides. */
static bool owner_lives(char *text)
{
	for (long owner = strtol(text, &text, 10); owner > 0; owner = strtol(text, &text, 10)) {
		long long start_time = strtoll(text, &text, 10);
		struct process process;

		if (owner > INT_MAX || (process_read((pid_t)owner, &process) ?
					!process.ended && process.start_time == start_time :
					kill((pid_t)owner, 0) == 0 || errno != ESRCH))
			return true;
	}
	return false;
}

/* Whether superd's user owns the folder. Only its owner and root could have put a process into a group of it. */
static bool is_own_folder(const char *path)
{
	struct stat status;

	return lstat(path, &status) == 0 && S_ISDIR(status.st_mode) && status.st_uid == geteuid() &&
	       !(status.st_mode & (S_IWGRP | S_IWOTH));
}

/* Whether the folder's superd has ended, and its guard. If the owner is not recorded, a living process of the pid in
 * the folder's name counts as the superd. */
static bool is_abandoned(const char *path, pid_t pid)
{
	char text[OWNER_MOST];
	ssize_t length = lgetxattr(path, OWNER_ATTRIBUTE, text, sizeof(text) - 1);

	if (!is_own_folder(path))
		return false;
	if (length > 0) {
		text[length] = '\0';
		return !owner_lives(text);
	}
	return pid == guard_first_pid() || (kill(pid, 0) < 0 && errno == ESRCH);
}

/* Calls `see` for each base folder of a superd that has ended, if it belongs to superd's user and pid namespace. mine:
 * the folder of superd itself; NULL: none yet. */
static void each_left(const char *own, const char *mine, void (*see)(void *context, const char *path), void *context)
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
			see(context, path);
	}
	if (stream)
		closedir(stream);
}

struct left_reading {
	struct left_groups *left;
	int64_t until;
	pid_t pid;                      /* whose descriptors are read */
};

static bool note_file(const struct file_id *file, void *context)
{
	struct left_reading *reading = context;
	struct left_groups *left = reading->left;
	struct left_socket *larger = array_grow(left->sockets, &left->socket_room, left->socket_count, sizeof(*larger));

	if (!larger)
		return true;
	left->sockets = larger;
	larger[left->socket_count++] = (struct left_socket){ *file, reading->pid, left->count - 1 };
	return clock_ms() >= reading->until;
}

static bool note_process(void *context, long pid)
{
	struct left_reading *reading = context;

	reading->pid = (pid_t)pid;
	return pid > 0 && process_each_file(reading->pid, false, note_file, reading) != HOLDS &&
	       clock_ms() < reading->until;
}

static void note_group(struct left_reading *reading, const char *path)
{
	struct left_groups *left = reading->left;
	struct left_group *larger = array_grow(left->list, &left->room, left->count, sizeof(*larger));

	if (!larger || clock_ms() >= reading->until)
		return;
	left->list = larger;
	larger[left->count] = (struct left_group){ strdup(path), 0., false };
	if (!larger[left->count].path)
		return;
	left->count++;
	cgroup_each_process(path, note_process, reading);
}

static void note_groups(void *context, const char *path)
{
	DIR *stream = opendir(path);
	struct dirent *entry;
	char group[PATH_MAX];

	while (stream && (entry = readdir(stream))) {
		if (entry->d_name[0] != '.' && entry->d_type == DT_DIR &&
		    snprintf(group, sizeof(group), "%s/%s", path, entry->d_name) < (int)sizeof(group))
			note_group(context, group);
	}
	if (stream)
		closedir(stream);
}

/* Reads all groups anew, and keeps what was ordered of those that are still there. */
static void read_left(struct cgroups *cgroups)
{
	struct left_groups before = cgroups->left;
	int64_t begun = clock_ms();
	struct left_reading reading = { .left = &cgroups->left, .until = begun + READ_MS };

	cgroups->left = (struct left_groups){ 0 };
	each_left(cgroups->own, cgroups->base, note_groups, &reading);
	for (size_t n = 0; n < before.count; n++) {
		for (size_t m = 0; before.list[n].kill_at && m < cgroups->left.count; m++) {
			if (!strcmp(before.list[n].path, cgroups->left.list[m].path)) {
				cgroups->left.list[m].kill_at = before.list[n].kill_at;
				cgroups->left.list[m].is_killed = before.list[n].is_killed;
			}
		}
	}
	cgroup_parent_forget_left(&before);
	cgroups->left.read_again = clock_ms() + KEPT_MS + (clock_ms() - begun) * REST;
}

struct left_group *cgroup_parent_next_left(struct cgroups *cgroups, const struct file_id *sockets, size_t count,
					   struct left_search *search)
{
	struct left_groups *left = &cgroups->left;

	if (!search->next && clock_ms() >= left->read_again)
		read_left(cgroups);
	while (search->next < left->socket_count) {
		const struct left_socket *found = &left->sockets[search->next++];
		size_t group = found->group;

		for (size_t n = 0; n < count; n++) {
			if (sockets[n].node != found->file.node || sockets[n].device != found->file.device ||
			    process_holds(found->pid, &sockets[n], 1) != HOLDS)
				continue;
			search->pid = found->pid;
			while (search->next < left->socket_count && left->sockets[search->next].group == group)
				search->next++;
			return &left->list[group];
		}
	}
	return NULL;
}

void cgroup_parent_forget_left(struct left_groups *left)
{
	for (size_t n = 0; n < left->count; n++)
		free(left->list[n].path);
	free(left->list);
	free(left->sockets);
	*left = (struct left_groups){ 0 };
}

static void remove_left(void *context, const char *path)
{
	(void)context;
	cgroup_remove(path);
}

/* A pid is reused, in a container always the same one. Then the folder with its name is an earlier superd's. */
char *cgroup_parent_claim(const char *own)
{
	char path[PATH_MAX - 64 - CGROUP_NAME_MOST], suffix[24];
	int length;

	cgroup_parent_suffix(suffix, sizeof(suffix));
	length = snprintf(path, sizeof(path) - 8, "%s/" CGROUP_BASE "%ld%s", own, (long)guard_first_pid(), suffix);
	if (length < 0 || (size_t)length >= sizeof(path) - 8) {
		errno = ENAMETOOLONG;
		return NULL;
	}
	each_left(own, NULL, remove_left, NULL);
	for (unsigned n = 2; mkdir(path, 0755) < 0; n++) {
		if (errno != EEXIST || n > BASES_MOST)
			return NULL;
		if (!cgroup_remove(path))
			snprintf(path + length, sizeof(path) - (size_t)length, ".%u", n);
	}
	cgroup_parent_mark(path);
	return strdup(path);
}
