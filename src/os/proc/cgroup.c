/* Creates and removes the control groups below superd's own. Source: the kernel's cgroup-v2.rst.
 *
 * Only a group without processes of its own may pass controllers on, unless it is the root of the hierarchy. So superd
 * first moves all processes of its group into a new group below it. */
#include "os/proc/proc.h"

#include <dirent.h>
#include <sys/xattr.h>

#define FILE_MOST (1u << 20)
#define MOVES_MOST 16 /* rounds, if processes fork while they are moved */

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

/* The controllers, by bit, that a group's file lists (cgroup.controllers, cgroup.subtree_control); 0 if it cannot be
 * read. */
static unsigned read_controllers(const char *folder, const char *file)
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

static pid_t name_pid;

void cgroup_name_after(pid_t guard)
{
	name_pid = guard;
}

static pid_t named_after(void)
{
	return name_pid ? name_pid : getpid();
}

/* Repeats until the group is empty: a process that forks in between leaves its child behind. */
static bool move_processes(const char *from, const char *to)
{
	int error = 0;

	for (int n = 0; n < MOVES_MOST && !error; n++) {
		struct pids pids = { 0 };
		char text[32];

		error = cgroup_processes(from, &pids) ? 0 : errno;
		if (!error && !pids.count)
			return true;
		for (size_t i = 0; i < pids.count && !error; i++) {
			snprintf(text, sizeof(text), "%ld", (long)pids.list[i]);
			error = cgroup_write(to, "cgroup.procs", text) || errno == ESRCH ? 0 : errno;
		}
		free(pids.list);
	}
	errno = error ? error : EBUSY;
	return false;
}

static bool write_subtree_control(const char *path, unsigned controllers, char sign)
{
	char text[16];

	for (unsigned n = 0; n < CONTROLLERS; n++) {
		snprintf(text, sizeof(text), "%c%s", sign, controller_names[n]);
		if (controllers >> n & 1 && !cgroup_write(path, "cgroup.subtree_control", text))
			return false;
	}
	return true;
}

static bool enable_controllers(struct cgroups *cgroups, bool is_root, unsigned controllers)
{
	unsigned before = read_controllers(cgroups->own, "cgroup.subtree_control");
	char leaf[PATH_MAX];

	if (!is_root && !cgroups->moved) {
		snprintf(leaf, sizeof(leaf), "%s/" CGROUP_LEAF, cgroups->base);
		if ((mkdir(leaf, 0755) < 0 && errno != EEXIST) || !move_processes(cgroups->own, leaf))
			return false;
		cgroups->moved = true;
	}
	if (!write_subtree_control(cgroups->own, controllers & ~before, '+'))
		return false;
	cgroups->passed |= controllers & ~before;
	if (!write_subtree_control(cgroups->base, controllers, '+'))
		return false;
	cgroups->enabled |= controllers;
	return true;
}

static bool claim_base(struct cgroups *cgroups, const char *own)
{
	cgroups->own = strdup(own);
	cgroups->base = cgroup_parent_claim(own);
	if (cgroups->own && cgroups->base)
		return true;
	free(cgroups->own);
	free(cgroups->base);
	cgroups->own = cgroups->base = NULL;
	return false;
}

bool cgroups_probe(struct cgroups *cgroups)
{
	const struct cgroup_delegation *place;
	bool is_possible, keeps = false;
	struct pool *pool;
	char path[PATH_MAX];
	int group, error;

	if (cgroups->probed)
		return cgroups->probed == KEEPS_GROUPS;
	is_possible = clone_into_cgroup_is_possible();
	if (is_possible && !cgroups->base) {
		errno = 0;
		pool = pool_new();
		place = pool ? cgroup_delegation_find(pool) : NULL;
		if (place && place->path)
			claim_base(cgroups, place->path);
		error = errno;
		pool_free(pool);
	} else {
		error = errno;
	}
	if (is_possible && cgroups->base &&
	    snprintf(path, sizeof(path), "%s/trial", cgroups->base) < (int)sizeof(path)) {
		group = cgroup_service_open(path);
		keeps = group >= 0 && clone_into_cgroup_survives(group);
		error = errno;
		fd_close(&group);
		cgroup_remove(path);
	}
	if (keeps || !error_is_shortage(error))
		cgroups->probed = keeps ? KEEPS_GROUPS : KEEPS_NONE;
	return keeps;
}

bool cgroups_prepare(struct cgroups *cgroups, const struct cgroup_delegation *place, unsigned controllers,
		     const char *option, struct buf *why)
{
	unsigned missing;

	if (!cgroups->base && !claim_base(cgroups, place->path)) {
		buf_addf(why, "%s: making a control group in %s: %s", option, place->path, strerror(errno));
		return false;
	}
	missing = controllers & ~cgroups->enabled;
	if (!missing || enable_controllers(cgroups, place->is_root, missing))
		return true;
	buf_addf(why, "%s: passing controllers on to %s: %s", option, cgroups->base, strerror(errno));
	return false;
}

char *cgroups_instance_path(const struct cgroups *cgroups, const char *service, uint64_t number)
{
	struct buf path = { 0 };

	buf_addf(&path, "%s/", cgroups->base);
	for (size_t n = 0; n < CGROUP_NAME_MOST / 2 && service[n]; n++)
		buf_char(&path, service[n] == '/' || (unsigned char)service[n] < ' ' ? '_' : service[n]);
	buf_char(&path, '-');
	buf_number(&path, number);
	return buf_take(&path);
}

static bool is_below(const struct dirent *entry)
{
	return entry->d_type == DT_DIR && strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

/* Removes what is empty of the folders of superds that were killed, with their guards: pids of this namespace that are
 * nobody's by now. at_end: and of this superd's guard, under which others may have been before it. */
static void remove_abandoned(const char *own, bool at_end)
{
	char path[PATH_MAX], suffix[24], *rest;
	DIR *stream = opendir(own);
	struct dirent *entry;
	size_t length;

	cgroup_parent_suffix(suffix, sizeof(suffix));
	length = strlen(suffix);
	while (stream && (entry = readdir(stream))) {
		long maker;

		if (strncmp(entry->d_name, CGROUP_BASE, strlen(CGROUP_BASE)) != 0)
			continue;
		maker = strtol(entry->d_name + strlen(CGROUP_BASE), &rest, 10);
		if (maker < 1 || maker > INT_MAX || strncmp(rest, suffix, length) != 0 || !strchr(".", rest[length]))
			continue;
		if (((at_end && maker == named_after()) || (kill((pid_t)maker, 0) < 0 && errno == ESRCH)) &&
		    snprintf(path, sizeof(path), "%s/%s", own, entry->d_name) < (int)sizeof(path))
			cgroup_remove(path);
	}
	if (stream)
		closedir(stream);
}

/* superd moves back to its own group once that enables no controllers any more. Instances that still run keep their
 * limits. */
void cgroups_end(struct cgroups *cgroups)
{
	struct dirent *entry;
	char path[PATH_MAX];
	const char *wrong;
	bool any_runs = false;
	DIR *stream;

	if (!cgroups->base) { /* the superd before it, which was killed, may have had one */
		if (cgroup_find_own("" /* of version 2 */, path, sizeof(path), &wrong))
			remove_abandoned(path, true);
		return;
	}
	stream = opendir(cgroups->base);
	while (stream && (entry = readdir(stream))) {
		if (is_below(entry) && strcmp(entry->d_name, CGROUP_LEAF) != 0 &&
		    snprintf(path, sizeof(path), "%s/%s", cgroups->base, entry->d_name) < (int)sizeof(path))
			any_runs |= !cgroup_remove(path);
	}
	if (stream)
		closedir(stream);
	if (!any_runs && write_subtree_control(cgroups->base, cgroups->enabled, '-') &&
	    write_subtree_control(cgroups->own, cgroups->passed, '-')) {
		snprintf(path, sizeof(path), "%s/" CGROUP_LEAF, cgroups->base);
		if (cgroups->moved)
			move_processes(path, cgroups->own);
		cgroup_remove(cgroups->base);
	}
	remove_abandoned(cgroups->own, true);
	free(cgroups->own);
	free(cgroups->base);
	*cgroups = (struct cgroups){ 0 };
}

/* One control group, with the groups below it: opened, signalled, thawed, removed. */

/* Part of each start, so it takes as few system calls as possible and checks nothing. */
int cgroup_service_open(const char *path)
{
	int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT && mkdir(path, 0755) == 0)
		fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd;
}

/* Calls `act` for the folder and all folders below it, the deepest first. Their names may be longer than a path. */
static void each_below(const char *path, int depth, void (*act)(void *context, const char *path), void *context)
{
	DIR *stream = opendir(path);
	char below[NAME_MAX + 40];
	struct dirent *entry;

	while (stream && depth && (entry = readdir(stream))) {
		if (!is_below(entry))
			continue;
		snprintf(below, sizeof(below), "/proc/self/fd/%d/%s", dirfd(stream), entry->d_name);
		each_below(below, depth - 1, act, context);
	}
	if (stream)
		closedir(stream);
	act(context, path);
}

struct group_signal {
	int signal;
	bool failed;                    /* for a process that has not ended meanwhile */
};

static void signal_group(void *context, const char *path)
{
	struct group_signal *sent = context;
	struct pids pids = { 0 };

	if (!cgroup_processes(path, &pids))
		sent->failed |= errno != ENODEV && (errno != ENOENT || access(path, F_OK) == 0);
	for (size_t n = 0; n < pids.count; n++) {
		if (pids.list[n] > 1 && kill(pids.list[n], sent->signal) < 0)
			sent->failed |= errno != ESRCH;
	}
	free(pids.list);
}

bool cgroup_signal(const char *path, int signal)
{
	struct group_signal sent = { .signal = signal };

	each_below(path, CGROUP_DEPTH_MOST, signal_group, &sent);
	return !sent.failed;
}

struct wanted_group {
	uint64_t id;
	bool found;
};

static void compare_group(void *context, const char *path)
{
	struct wanted_group *wanted = context;
	struct stat status;

	wanted->found |= stat(path, &status) == 0 && status.st_ino == wanted->id;
}

/* On machines of 64 bits the id of a group is the inode of its folder. */
bool cgroup_has_id(const char *path, uint64_t id)
{
	struct wanted_group wanted = { .id = id };

	each_below(path, CGROUP_DEPTH_MOST, compare_group, &wanted);
	return wanted.found;
}

/* cgroup.kill exists since Linux 5.14. */
void cgroup_kill(const char *path)
{
	if (!cgroup_write(path, "cgroup.kill", "1"))
		cgroup_signal(path, SIGKILL);
}

static void remove_group(void *context, const char *path)
{
	*(bool *)context = rmdir(path) == 0 || errno == ENOENT;
}

bool cgroup_remove(const char *path)
{
	bool gone = rmdir(path) == 0 || errno == ENOENT;

	if (!gone)
		each_below(path, CGROUP_DEPTH_MOST, remove_group, &gone);
	return gone;
}

/* At each end of an instance, so with as few system calls as possible. */
bool cgroup_is_populated(const char *path)
{
	char file[PATH_MAX], text[256];
	ssize_t length;
	int fd;

	snprintf(file, sizeof(file), "%s/cgroup.events", path);
	fd = open(file, O_RDONLY | O_CLOEXEC);
	if (fd < 0 && error_is_shortage(errno)) /* it is asked again */
		return true;
	length = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	fd_close(&fd);
	text[length > 0 ? length : 0] = '\0';
	return strstr(text, "populated 1");
}

/* Finds superd's own control group, and whether superd may create groups below it. Source: cgroups(7), and the kernel's
 * cgroup-v2.rst, "Delegation" and "No Internal Process Constraint".
 *
 * As root, superd can write to any group. It must still leave alone a group that systemd manages and has not delegated,
 * and a group that holds processes which are not superd's. */

#define FIRST_PID_NAMESPACE 0xeffffffcu  /* inode of the initial pid namespace: PROC_PID_INIT_INO */
#define ANCESTORS_MOST 64
#define UNIFIED_HIERARCHY ""  /* /proc/self/cgroup lists it with no controllers */

_Static_assert(PATH_MAX == 4096, "find_mount reads as much");

bool cgroup_write(const char *folder, const char *file, const char *text)
{
	char path[PATH_MAX];

	errno = ENAMETOOLONG;
	return snprintf(path, sizeof(path), "%s/%s", folder, file) < (int)sizeof(path) &&
	       fd_write_file(AT_FDCWD, path, text);
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

/* Finds the mount of a controller's hierarchy: where it is, and which group is its root. false: there is none. */
static bool find_mount(const char *controller, char where[PATH_MAX], char from[PATH_MAX])
{
	char *text = read_group_file("/proc/self", "mountinfo"), *rest = text, *line;
	bool found = false;

	while (!found && (line = strsep(&rest, "\n"))) {
		/* A mount of cgroup v1 lists its controllers among its options (cgroup_show_options in cgroup-v1.c). */
		found = (*controller ? strstr(line, " - cgroup ") && has_controller(strrchr(line, ' ') + 1, controller)
				     : strstr(line, " - cgroup2 ") != NULL) &&
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
	length = (size_t)snprintf(own, sizeof(own), "/" CGROUP_BASE "%ld%s", (long)named_after(), suffix);
	while (base && base > path && *--base != '/')
		;
	if (leaf && !strcmp(leaf, "/" CGROUP_LEAF) && !strncmp(base, own, length) && strchr("/.", base[length]))
		*base = '\0';
}

bool cgroup_find_own(const char *controller, char *path, size_t size, const char **wrong)
{
	char where[PATH_MAX], from[PATH_MAX], *text;
	const char *name;
	size_t prefix;
	bool good = false;

	errno = 0;
	name = find_name("/proc/self", controller, &text);
	*wrong = "there is no second hierarchy of control groups here";
	if (name && find_mount(controller, where, from)) {
		prefix = strcmp(from, "/") ? strlen(from) : 0;
		*wrong = "superd's control group is not visible from here";
		good = !strncmp(name, from, prefix) && (name[prefix] == '/' || !name[prefix]) && !strstr(name, "/..") &&
			snprintf(path, size, "%s%s", where, strcmp(name + prefix, "/") ? name + prefix : "") <
				(int)size;
	} else if (errno) {
		*wrong = NULL;
	}
	free(text);
	if (good)
		strip_own_base(path);
	return good;
}

/* The group's last two folders are its superd's and its own. */
bool cgroup_holds(const char *group, pid_t pid)
{
	const char *end = group + strlen(group);
	char process[32], *own_text, *text, *own = find_name("/proc/self", UNIFIED_HIERARCHY, &own_text), *its;
	size_t length;
	bool good;

	snprintf(process, sizeof(process), "/proc/%ld", (long)pid);
	its = find_name(process, UNIFIED_HIERARCHY, &text);
	if (own)
		strip_own_base(own);
	length = own && strcmp(own, "/") ? strlen(own) : 0;
	good = own && its && !strncmp(its, own, length);
	if (good)
		its += length;          /* below superd's own group */
	for (int slashes = 0; end > group && slashes < 2;)
		slashes += *--end == '/';
	length = strlen(end);
	good = good && !strncmp(its, end, length) && (!its[length] || its[length] == '/');
	free(own_text);
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

bool cgroup_processes(const char *path, struct pids *pids)
{
	char file[PATH_MAX];

	errno = ENAMETOOLONG;
	return snprintf(file, sizeof(file), "%s/cgroup.procs", path) < (int)sizeof(file) && pids_read(pids, file);
}

/* Whether the process is superd or its descendant. As PID 1 superd owns all processes. */
static bool is_own_process(pid_t pid)
{
	struct process process = { .parent = pid };

	for (int n = 0; n < ANCESTORS_MOST && process.parent > 1; n++) {
		if (process.parent == named_after())
			return true;
		if (!process_read(process.parent, &process))
			return n == 0; /* the process itself has ended */
	}
	return named_after() == 1;
}

const struct cgroup_delegation *cgroup_delegation_find(struct pool *pool)
{
	struct cgroup_delegation *place = pool_alloc(pool, sizeof(*place));
	bool has_others = false;
	struct pids pids = { 0 };
	char path[PATH_MAX];

	if (!place)
		return NULL;
	if (!cgroup_find_own(UNIFIED_HIERARCHY, path, sizeof(path), &place->wrong)) {
		if (!place->wrong)
			place->wrong = pool_textf(pool, "superd's control group: %s", strerror(errno));
		return place->wrong ? place : NULL;
	}
	place->wrong = NULL;
	place->is_root = !has_file(path, "cgroup.type", F_OK);
	if (!place->is_root && is_undelegated(path)) {
		place->wrong = "superd's control group is systemd's: superd's own unit wants Delegate=yes";
		return place;
	}
	if (!has_file(path, "", W_OK | X_OK) || !has_file(path, "cgroup.procs", W_OK)) {
		place->wrong = errno == EROFS ? "the control groups are mounted read-only"
			: errno == EACCES     ? "superd may not write in its control group"
					      : pool_textf(pool, "superd's control group: %s", strerror(errno));
		return place;
	}
	place->path = pool_text(pool, path);
	if (!place->path)
		return NULL;
	if (!place->is_root) {
		has_others = !cgroup_processes(path, &pids);
		for (size_t n = 0; n < pids.count && !has_others; n++)
			has_others = !is_own_process(pids.list[n]);
		free(pids.list);
	}
	place->controllers = read_controllers(path, "cgroup.controllers");
	if (!place->controllers)
		place->wrong = "its control group has no controllers";
	else if (!has_file(path, "cgroup.subtree_control", W_OK))
		place->wrong = "superd may not pass on the controllers of its control group";
	else if (has_others)
		place->wrong = "there are processes in its control group that are not superd's";
	if (place->wrong)
		place->controllers = 0;
	return place;
}

/* The folder that holds one superd's control groups. Its name contains superd's pid, and pids are reused: an earlier
 * superd's folder may still hold processes, frozen ones too. */

#define BASES_MOST 100                  /* folders for one pid that still hold processes */

/* A pid is reused, in a container always the same one. Then the folder with its name is an earlier superd's. */
char *cgroup_parent_claim(const char *own)
{
	char path[PATH_MAX - 64 - CGROUP_NAME_MOST], suffix[24];
	int length;

	cgroup_parent_suffix(suffix, sizeof(suffix));
	length = snprintf(path, sizeof(path) - 8, "%s/" CGROUP_BASE "%ld%s", own, (long)named_after(), suffix);
	if (length < 0 || (size_t)length >= sizeof(path) - 8) {
		errno = ENAMETOOLONG;
		return NULL;
	}
	remove_abandoned(own, false);
	for (unsigned n = 2; mkdir(path, 0755) < 0; n++) {
		if (errno != EEXIST || n > BASES_MOST)
			return NULL;
		if (!cgroup_remove(path))
			snprintf(path + length, sizeof(path) - (size_t)length, ".%u", n);
	}
	return strdup(path);
}
