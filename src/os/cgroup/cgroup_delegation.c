/* Finds superd's own control group, and whether superd may create groups below it. Source: cgroups(7), and the kernel's
 * cgroup-v2.rst, "Delegation" and "No Internal Process Constraint".
 *
 * As root, superd can write to any group. It must still leave alone a group that systemd manages and has not delegated,
 * and a group that holds processes which are not superd's. */
#include "os/cgroup/cgroup_delegation.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "lib/buf.h"
#include "lib/fd.h"
#include "os/guard/guard_link.h"
#include "os/proc/process.h"

#define FILE_MOST (1u << 20)
#define FIRST_PID_NAMESPACE 0xeffffffcu  /* inode of the initial pid namespace: PROC_PID_INIT_INO */
#define ANCESTORS_MOST 64
#define UNIFIED_HIERARCHY ""  /* /proc/self/cgroup lists it with no controllers */

_Static_assert(PATH_MAX == 4096, "find_mount reads as much");

const char *const controller_names[CONTROLLERS] = { "cpu", "cpuset", "io", "memory", "pids" };

static char *read_group_file(const char *folder, const char *file)
{
	char path[PATH_MAX];
	size_t length;

	if (snprintf(path, sizeof(path), "%s/%s", folder, file) >= (int)sizeof(path)) {
		errno = ENAMETOOLONG;
		return NULL;
	}
	return fd_read_file(path, FILE_MOST, &length);
}

bool cgroup_write(const char *folder, const char *file, const char *text)
{
	char path[PATH_MAX];
	bool good;
	int fd;

	if (snprintf(path, sizeof(path), "%s/%s", folder, file) >= (int)sizeof(path)) {
		errno = ENAMETOOLONG;
		return false;
	}
	fd = open(path, O_WRONLY | O_CLOEXEC);
	good = fd >= 0 && write(fd, text, strlen(text)) >= 0;
	fd_close(&fd);
	return good;
}

/* Whether a list contains the controller. The list is separated by commas and ends at a colon or the end of the
 * text. */
static bool has_controller(const char *list, const char *controller)
{
	size_t length = strcspn(list, ",:");

	while (length != strlen(controller) || strncmp(list, controller, length)) {
		if (list[length] != ',')
			return false;
		list += length + 1;
		length = strcspn(list, ",:");
	}
	return true;
}

/* A cgroup v1 mount lists its controllers among its options: cgroup_show_options in the kernel's cgroup-v1.c. */
static bool is_mount_of(const char *line, const char *controller)
{
	if (!*controller)
		return strstr(line, " - cgroup2 ");
	return strstr(line, " - cgroup ") && has_controller(strrchr(line, ' ') + 1, controller);
}

/* Finds the mount of a controller's hierarchy: where it is, and which group is its root. false: there is none. */
static bool find_mount(const char *controller, char where[PATH_MAX], char from[PATH_MAX])
{
	char *text = read_group_file("/proc/self", "mountinfo"), *rest = text, *line;
	bool found = false;

	while (!found && (line = strsep(&rest, "\n"))) {
		found = is_mount_of(line, controller) &&
			sscanf(line, "%*s %*s %*s %4095s %4095s", from, where) == 2 && !strchr(where, '\\') &&
			!strchr(from, '\\');
	}
	free(text);
	return found;
}

/* The group of a process, a folder in /proc, in a controller's hierarchy, as its file cgroup names it. Points into
 * *text, which the caller frees. */
static char *find_name(const char *process, const char *controller, char **text)
{
	char *rest = *text = read_group_file(process, "cgroup"), *line;

	while ((line = strsep(&rest, "\n"))) {
		char *list = strchr(line, ':'), *name = list ? strchr(list + 1, ':') : NULL;

		if (name && name[1] == '/' && has_controller(list + 1, controller))
			return name + 1;
	}
	return NULL;
}

void cgroup_parent_suffix(char *text, size_t size)
{
	struct stat status;

	*text = '\0';
	if (stat("/proc/self/ns/pid", &status) == 0 && status.st_ino != FIRST_PID_NAMESPACE)
		snprintf(text, size, "-%llu", (unsigned long long)status.st_ino);
}

/* Cuts the base folder off the path if superd has moved into it: its own group is the one above. */
static void strip_own_base(char *path)
{
	char own[80], suffix[24], *leaf = strrchr(path, '/'), *base = leaf;
	size_t length;

	cgroup_parent_suffix(suffix, sizeof(suffix));
	length = (size_t)snprintf(own, sizeof(own), "/" CGROUP_BASE "%ld%s", (long)guard_first_pid(), suffix);
	while (base && base > path && *--base != '/')
		;
	if (leaf && !strcmp(leaf, "/" CGROUP_LEAF) && !strncmp(base, own, length) && strchr("/.", base[length]))
		*base = '\0';
}

static bool find_path(const char *controller, char *path, size_t size, const char **wrong)
{
	char where[PATH_MAX], from[PATH_MAX], *text;
	const char *name = find_name("/proc/self", controller, &text);
	size_t prefix;
	bool good = false;

	*wrong = "there is no second hierarchy of control groups here";
	if (name && find_mount(controller, where, from)) {
		prefix = strcmp(from, "/") ? strlen(from) : 0;
		*wrong = "superd's control group is not visible from here";
		good = !strncmp(name, from, prefix) && (name[prefix] == '/' || !name[prefix]) && !strstr(name, "/..") &&
			snprintf(path, size, "%s%s", where, strcmp(name + prefix, "/") ? name + prefix : "") <
				(int)size;
	}
	free(text);
	if (good)
		strip_own_base(path);
	return good;
}

bool cgroup_find_own(const char *controller, char *path, size_t size)
{
	const char *wrong;

	return find_path(controller, path, size, &wrong);
}

/* The group of a process as a path below superd's own group. Points into *text, which the caller frees. NULL: it is
 * elsewhere, or unknown. */
static const char *find_below(pid_t pid, char **text)
{
	char process[32], *own_text, *own = find_name("/proc/self", UNIFIED_HIERARCHY, &own_text), *its;
	size_t length;

	snprintf(process, sizeof(process), "/proc/%ld", (long)pid);
	its = find_name(process, UNIFIED_HIERARCHY, text);
	if (own)
		strip_own_base(own);
	length = own && strcmp(own, "/") ? strlen(own) : 0;
	if (!own || !its || strncmp(its, own, length) != 0)
		its = NULL;
	free(own_text);
	return its ? its + length : NULL;
}

/* The group's last two folders are its superd's and its own. */
bool cgroup_holds(const char *group, pid_t pid)
{
	const char *end = group + strlen(group);
	size_t length;
	char *text;
	const char *below = find_below(pid, &text);
	bool good;

	for (int slashes = 0; end > group && slashes < 2;)
		slashes += *--end == '/';
	length = strlen(end);
	good = below && !strncmp(below, end, length) && (!below[length] || below[length] == '/');
	free(text);
	return good;
}

bool cgroup_has_started(pid_t pid)
{
	char *text;
	const char *below = find_below(pid, &text), *group;
	bool good;

	group = below && !strncmp(below, "/" CGROUP_BASE, sizeof(CGROUP_BASE)) ? strchr(below + 1, '/') : NULL;
	good = group && strcmp(group, "/" CGROUP_LEAF) != 0;
	free(text);
	return good;
}

static bool has_file(const char *folder, const char *file, int mode)
{
	char path[PATH_MAX];

	return snprintf(path, sizeof(path), "%s/%s", folder, file) < (int)sizeof(path) &&
		faccessat(AT_FDCWD, path, mode, AT_EACCESS) == 0;
}

bool cgroup_is_group(const char *path)
{
	return has_file(path, "cgroup.procs", F_OK);
}

/* systemd marks groups that it has delegated with these attributes (Delegate=, systemd.resource-control(5)). */
static bool is_undelegated(const char *path)
{
	char value[8];

	if (access("/run/systemd/system", F_OK) < 0)
		return false;
	return getxattr(path, "trusted.delegate", value, sizeof(value)) <= 0 &&
		getxattr(path, "user.delegate", value, sizeof(value)) <= 0;
}

unsigned cgroup_read_controllers(const char *folder, const char *file)
{
	char *text = read_group_file(folder, file), *rest = text, *word;
	unsigned found = 0;

	while ((word = strsep(&rest, " \n"))) {
		for (unsigned n = 0; n < CONTROLLERS; n++)
			found |= strcmp(word, controller_names[n]) ? 0 : 1u << n;
	}
	free(text);
	return found;
}

bool cgroup_each_process(const char *path, bool (*see)(void *context, long pid), void *context)
{
	char *text = read_group_file(path, "cgroup.procs"), *rest = text, *line;

	if (!text)
		return false;
	while ((line = strsep(&rest, "\n"))) {
		if (*line && !see(context, strtol(line, NULL, 10)))
			break;
	}
	free(text);
	return true;
}

/* Whether the process is superd or its descendant. As PID 1 superd owns all processes. */
static bool is_own_process(void *context, long pid)
{
	bool *others = context;
	struct process process = { .parent = (pid_t)pid };

	if (guard_first_pid() == 1)
		return true;
	for (int n = 0; n < ANCESTORS_MOST && process.parent > 1; n++) {
		if (process.parent == guard_first_pid())
			return true;
		if (!process_read(process.parent, &process))
			return n == 0; /* the process itself has ended */
	}
	*others = true;
	return false;
}

static bool has_other_processes(const char *path)
{
	bool others = false;

	return !cgroup_each_process(path, is_own_process, &others) || others;
}

static void check_delegation(struct cgroup_delegation *place, const char *path)
{
	place->is_root = !has_file(path, "cgroup.type", F_OK);
	if (!place->is_root && is_undelegated(path)) {
		place->wrong = "superd's control group is systemd's: superd's own unit wants Delegate=yes";
	} else if (!has_file(path, "", W_OK | X_OK) || !has_file(path, "cgroup.procs", W_OK)) {
		place->wrong = errno == EROFS ? "the control groups are mounted read-only"
					      : "superd may not write in its control group";
	} else {
		place->path = path;
		place->controllers = cgroup_read_controllers(path, "cgroup.controllers");
		if (!place->controllers)
			place->wrong = "its control group has no controllers";
		else if (!has_file(path, "cgroup.subtree_control", W_OK))
			place->wrong = "superd may not pass on the controllers of its control group";
		else if (!place->is_root && has_other_processes(path))
			place->wrong = "there are processes in its control group that are not superd's";
		if (place->wrong)
			place->controllers = 0;
	}
}

const struct cgroup_delegation *cgroup_delegation_find(struct pool *pool)
{
	struct cgroup_delegation *place = pool_alloc(pool, sizeof(*place));
	char path[PATH_MAX];
	const char *kept;

	if (!place || !find_path(UNIFIED_HIERARCHY, path, sizeof(path), &place->wrong))
		return place;
	place->wrong = NULL;
	kept = pool_text(pool, path);
	if (!kept)
		return NULL;
	check_delegation(place, kept);
	return place;
}
