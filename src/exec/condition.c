/* A list of conditions: finds the one that prevents a start, or an open socket.
 *
 * Conditions are checked before assertions: if a condition is false, the service is skipped and has not failed. In a
 * set of alternatives it is enough that one holds. */
#include "exec/exec.h"

#include <dirent.h>
#include <glob.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/statvfs.h>

#define FILE_MOST (4u << 20)

static bool path_exists(const char *path)
{
	struct stat state;

	return stat(path, &state) == 0;
}

/* The first line of a file, in text; "": it is empty or cannot be read. */
static const char *first_line(const char *path, char *text, unsigned size)
{
	size_t length;
	char *whole = fd_read_file(path, FILE_MOST, &length);

	snprintf(text, size, "%.*s", whole ? (int)strcspn(whole, "\n") : 0, whole ? whole : "");
	free(whole);
	return text;
}

#define BRACES_MOST 8                   /* pairs of braces in a pattern */

static bool is_match(const char *pattern)
{
	glob_t found = { 0 };
	bool any = glob(pattern, GLOB_NOSORT, NULL, &found) == 0;

	globfree(&found);
	return any;
}

/* The end of the alternative that begins here: a comma, or its closing brace. NULL: there is none. */
static const char *end_of_alternative(const char *at)
{
	for (unsigned inner = 0; *at; at++) {
		if (!inner && (*at == ',' || *at == '}'))
			return at;
		inner += *at == '{';
		inner -= *at == '}';
	}
	return NULL;
}

/* "{a,b}" matches either, as in systemd; unbalanced braces stand for themselves. */
static bool pattern_exists(const char *pattern, unsigned braces)
{
	const char *open = strchr(pattern, '{'), *from = open ? open + 1 : NULL, *close = from, *to;
	size_t head = open ? (size_t)(open - pattern) : 0, tail;
	char whole[PATH_MAX];

	while (close && (close = end_of_alternative(close)) && *close == ',')
		close++;
	if (!close || braces >= BRACES_MOST)
		return is_match(pattern);
	tail = strlen(close + 1) + 1;
	for (; from <= close; from = to + 1) {
		to = end_of_alternative(from);
		if (head + (size_t)(to - from) + tail > sizeof(whole))
			return false;
		memcpy(whole, pattern, head);
		memcpy(whole + head, from, (size_t)(to - from));
		memcpy(whole + head + (size_t)(to - from), close + 1, tail);
		if (pattern_exists(whole, braces + 1))
			return true;
	}
	return false;
}

static bool is_not_empty(const char *path)
{
	const struct dirent *entry;
	DIR *stream = opendir(path);
	bool any = false;

	while (stream && !any && (entry = readdir(stream)))
		any = strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
	if (stream)
		closedir(stream);
	return any;
}

/* The condition Virtualization. Source: systemd-detect-virt(1).
 *
 * No single file names the container or virtual machine: container engines leave a variable or a file of their own,
 * virtual machines a name in the DMI tables of their firmware. The lists contain what each one shows. */

struct virtualization_mark {
	const char *mark, *name;
};

/* Files that container engines create. */
static const struct virtualization_mark container_files[] = {
	{ "/run/.containerenv", "podman" }, { "/.dockerenv", "docker" }, { "/proc/vz", "openvz" },
};

/* How the firmware of virtual machines begins its texts. */
static const struct virtualization_mark firmware[] = {
	{ "KVM", "kvm" },	      { "OpenStack", "kvm" },	      { "KubeVirt", "kvm" },
	{ "Amazon EC2", "amazon" },   { "QEMU", "qemu" },	      { "VMware", "vmware" },
	{ "VMW", "vmware" },	      { "innotek GmbH", "oracle" },   { "VirtualBox", "oracle" },
	{ "Oracle Corporation", "oracle" }, { "Xen", "xen" },	      { "Bochs", "bochs" },
	{ "Parallels", "parallels" }, { "BHYVE", "bhyve" },	      { "Hyper-V", "microsoft" },
	{ "Apple Virtualization", "apple" }, { "Google Compute Engine", "google" },
};

/* The value of PID 1's variable "container", or the file in which systemd saves it; "": none. */
static const char *read_container_variable(char *text, unsigned size)
{
	size_t length;
	char *block;

	if (*first_line("/run/systemd/container", text, size))
		return text;
	block = fd_read_file("/proc/1/environ", FILE_MOST, &length);
	/* The variables are separated by NULs; an empty one ends the block. */
	for (const char *at = block; at && at < block + length && *at; at += strlen(at) + 1) {
		if (!strncmp(at, "container=", 10))
			snprintf(text, size, "%s", at + 10);
	}
	free(block);
	return text;
}

/* The container engine; "": not a container. */
static const char *container_name(char *text, unsigned size)
{
	const char *variable = read_container_variable(text, size);

	if (*variable)
		return variable;
	for (size_t n = 0; n < sizeof(container_files) / sizeof(container_files[0]); n++) {
		bool outside = !strcmp(container_files[n].name, "openvz") && path_exists("/proc/bc");

		if (path_exists(container_files[n].mark) && !outside)
			return container_files[n].name;
	}
	return "";
}

static const char *firmware_name(void)
{
	static const char *const files[] = {
		"/sys/class/dmi/id/product_name", "/sys/class/dmi/id/sys_vendor", "/sys/class/dmi/id/board_vendor",
		"/sys/class/dmi/id/bios_vendor", "/sys/class/dmi/id/product_version",
	};
	char text[128];

	for (size_t n = 0; n < sizeof(files) / sizeof(files[0]); n++) {
		first_line(files[n], text, sizeof(text));
		for (size_t m = 0; m < sizeof(firmware) / sizeof(firmware[0]); m++) {
			if (!strncmp(text, firmware[m].mark, strlen(firmware[m].mark)))
				return firmware[m].name;
		}
	}
	return "";
}

/* The CPU flag that a hypervisor sets for its guests. */
static bool has_hypervisor(void)
{
	size_t length;
	char *text = fd_read_file("/proc/cpuinfo", FILE_MOST, &length);
	bool has = text && strstr(text, " hypervisor");

	free(text);
	return has;
}

static const char *machine_name(char *text, unsigned size)
{
	const char *name = firmware_name();

	if (*name)
		return name;
	if (*first_line("/sys/hypervisor/type", text, size))
		return text;
	return has_hypervisor() ? "vm-other" : "";
}

/* Whether the user namespace does not map all ids as the initial one does. */
static bool has_private_users(void)
{
	unsigned long inside, outside, count;
	char text[64];

	return sscanf(first_line("/proc/self/uid_map", text, sizeof(text)), "%lu %lu %lu", &inside, &outside, &count) ==
		       3 &&
	       (inside || outside || count != UINT32_MAX);
}

static bool virtualization_holds(const char *text)
{
	char variable[64], kind[64];
	const char *container = container_name(variable, sizeof(variable)), *machine;
	bool wanted;

	if (!strcmp(text, "private-users"))
		return has_private_users();
	if (!strcmp(text, "container"))
		return *container;
	machine = *container ? "" : machine_name(kind, sizeof(kind));
	if (!strcmp(text, "vm"))
		return *machine;
	if (!scan_bool(text, &wanted))
		return wanted == (*container || *machine);
	return !strcmp(*container ? container : machine, text);
}

#define SYSTEM_MOST 999                 /* highest uid of system users */

extern char **environ;

/* NAME: the variable is set; NAME=VALUE: it has this value. */
static bool environment_holds(const char *text)
{
	size_t length = strcspn(text, "=");

	for (char **at = environ; at && *at; at++) {
		if (text[length] ? !strcmp(*at, text) : !strncmp(*at, text, length) && (*at)[length] == '=')
			return true;
	}
	return false;
}

/* Whether the command line has this word, or, without "=", this word with any value. */
static bool command_line_holds(const char *text)
{
	char line[4096];
	size_t length = strlen(text);

	first_line("/proc/cmdline", line, sizeof(line));
	for (const char *at = line; *at; at += strspn(at, " ")) {
		if (!strncmp(at, text, length) && (!at[length] || at[length] == ' ' ||
						   (at[length] == '=' && !strchr(text, '='))))
			return true;
		at += strcspn(at, " ");
	}
	return false;
}

/* passwd(5) is read as a file: what asks the network (nsswitch.conf(5)) has no place in this program. */
static bool user_holds(const char *text)
{
	const struct passwd *user = NULL;
	FILE *file;
	int64_t number = -1;

	if (!strcmp(text, "@system"))
		return getuid() <= SYSTEM_MOST;
	file = scan_count(text, &number) ? fopen("/etc/passwd", "re") : NULL;
	while (file && (user = fgetpwent(file)) && strcmp(user->pw_name, text) != 0)
		;
	if (user)
		number = user->pw_uid;
	if (file)
		fclose(file);
	return number == getuid() || number == geteuid();
}

bool condition_kind_holds(enum condition_kind kind, const char *text)
{
	struct stat state;
	struct statvfs system;
	bool is_link = kind == CONDITION_PATH_IS_SYMBOLIC_LINK, exists;
	unsigned number;
	uint64_t mount;

	switch (kind) {
	case CONDITION_CAPABILITY:
		return capability_find(text, &number) && prctl(PR_CAPBSET_READ, number, 0, 0, 0) == 1;
	case CONDITION_ENVIRONMENT:
		return environment_holds(text);
	case CONDITION_KERNEL_COMMAND_LINE:
		return command_line_holds(text);
	case CONDITION_USER:
		return user_holds(text);
	case CONDITION_VIRTUALIZATION:
		return virtualization_holds(text);
	case CONDITION_PATH_EXISTS_GLOB:
		return pattern_exists(text, 0);
	default:
		break;
	}
	exists = fstatat(AT_FDCWD, text, &state, is_link ? AT_SYMLINK_NOFOLLOW : 0) == 0;
	switch (kind) {
	case CONDITION_PATH_EXISTS:
		return exists;
	case CONDITION_PATH_IS_DIRECTORY:
		return exists && S_ISDIR(state.st_mode);
	case CONDITION_PATH_IS_SYMBOLIC_LINK:
		return exists && S_ISLNK(state.st_mode);
	case CONDITION_PATH_IS_SOCKET:
		return exists && S_ISSOCK(state.st_mode);
	case CONDITION_PATH_IS_MOUNT_POINT:
		return exists && path_stat_mount(text, AT_NO_AUTOMOUNT, &state, &mount) == 0 && mount;
	case CONDITION_PATH_IS_READ_WRITE:
		return exists && statvfs(text, &system) == 0 && !(system.f_flag & ST_RDONLY);
	case CONDITION_DIRECTORY_NOT_EMPTY:
		return exists && is_not_empty(text);
	case CONDITION_FILE_NOT_EMPTY:
		return exists && S_ISREG(state.st_mode) && state.st_size > 0;
	case CONDITION_FILE_IS_EXECUTABLE:
		return exists && S_ISREG(state.st_mode) && state.st_mode & 0111;
	default:
		return false;
	}
}

/* The first false condition of a set; -1: none. Each in set 0 must hold; of another set, of alternatives, one does. */
static int find_false_in(const struct condition *list, size_t count, bool asserts, unsigned set)
{
	int first = -1;

	for (size_t n = 0; n < count && (set || first < 0); n++) {
		if (list[n].is_assert != asserts || list[n].alternative != set)
			continue;
		if (condition_kind_holds(list[n].kind, list[n].parameter) == list[n].is_negated)
			first = first < 0 ? (int)n : first;
		else if (set)
			return -1;
	}
	return first;
}

int conditions_find_false(const struct condition *list, size_t count)
{
	int found = -1;

	for (int asserts = 0; asserts < 2 && found < 0; asserts++) {
		for (unsigned set = 0; set <= ALTERNATIVES_MOST && found < 0; set++)
			found = find_false_in(list, count, asserts, set);
	}
	return found;
}
