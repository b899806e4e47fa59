/* The folders that unit files refer to by specifiers, and those that they are searched in. Source: systemd.unit(5),
 * file-hierarchy(7). Root gets the system's folders; other users get those of the XDG base directory specification. */
#include "superd/machine/os_info.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/buf.h"
#include "os/fs/runtime_dir.h"

/* Parse/systemd/internal.h has room for these and for those that a table names. */
#define FOLDERS 56

static const char *xdg_folder(struct pool *pool, const char *variable, const char *home, const char *below)
{
	const char *path = secure_getenv(variable);

	if (path && *path == '/')
		return pool_text(pool, path);
	return home ? pool_textf(pool, "%s/%s", home, below) : NULL;
}

static bool is_folder(const char *path)
{
	struct stat status;

	return path && *path == '/' && stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

static const char *temporary_folder(struct pool *pool, const char *default_folder)
{
	static const char *const variables[] = { "TMPDIR", "TEMP", "TMP" };

	for (size_t n = 0; n < sizeof(variables) / sizeof(*variables); n++) {
		const char *path = secure_getenv(variables[n]);

		if (is_folder(path))
			return pool_text(pool, path);
	}
	return default_folder;
}

bool os_info_read_dirs(struct unit_machine *machine, struct pool *pool)
{
	const char *runtime = secure_getenv("XDG_RUNTIME_DIR"), *home = machine->home;

	machine->temporary = temporary_folder(pool, "/tmp");
	machine->lasting_temporary = temporary_folder(pool, "/var/tmp");
	machine->runtime = "/run";
	machine->credentials = pool_textf(pool, "%s/credentials", runtime_dir());
	machine->state = "/var/lib";
	machine->cache = "/var/cache";
	machine->logs = "/var/log";
	machine->configuration = "/etc";
	machine->data = "/usr/share";
	if (!getuid())
		return machine->temporary && machine->lasting_temporary && machine->credentials;
	if (runtime && *runtime == '/')
		machine->runtime = pool_text(pool, runtime);
	machine->state = xdg_folder(pool, "XDG_STATE_HOME", home, ".local/state");
	machine->cache = xdg_folder(pool, "XDG_CACHE_HOME", home, ".cache");
	machine->logs = machine->state ? pool_textf(pool, "%s/log", machine->state) : NULL;
	machine->configuration = xdg_folder(pool, "XDG_CONFIG_HOME", home, ".config");
	machine->data = xdg_folder(pool, "XDG_DATA_HOME", home, ".local/share");
	return machine->temporary && machine->lasting_temporary && machine->runtime && machine->credentials;
}

/* The search path while it is built. */
struct unit_path {
	struct pool *pool;
	const char *list[FOLDERS + 1];
	size_t count;
	bool failed;
};

/* Adds BASE/BELOW if there is room; does nothing without a base. */
static void add_folder(struct unit_path *path, const char *base, size_t length, const char *below)
{
	const char *kept;

	if (!base || !length || *base != '/' || path->count == FOLDERS)
		return;
	kept = pool_textf(path->pool, "%.*s%s", (int)length, base, below);
	path->failed |= !kept;
	path->list[path->count++] = kept;
}

/* Adds BELOW to each folder of a list that is separated by colons. */
static void add_folders(struct unit_path *path, const char *list, const char *below)
{
	for (; *list; list += *list == ':') {
		size_t length = strcspn(list, ":");

		add_folder(path, list, length, below);
		list += length;
	}
}

static void add_system_folders(struct unit_path *path)
{
	for (const char *const *folder = machine_unit_path; *folder; folder++)
		add_folder(path, *folder, strlen(*folder), "");
}

static void add_below(struct unit_path *path, const char *base, const char *below)
{
	if (base)
		add_folder(path, base, strlen(base), below);
}

static void add_user_folders(struct unit_path *path, const struct unit_machine *machine)
{
	const char *configurations = secure_getenv("XDG_CONFIG_DIRS"), *data = secure_getenv("XDG_DATA_DIRS");

	add_below(path, machine->configuration, "/systemd/user.control");
	add_below(path, machine->runtime, "/systemd/user.control");
	add_below(path, machine->runtime, "/systemd/generator.early");
	add_below(path, machine->configuration, "/systemd/user");
	add_folders(path, configurations && *configurations ? configurations : "/etc/xdg", "/systemd/user");
	add_below(path, "/etc", "/systemd/user");
	add_below(path, machine->runtime, "/systemd/user");
	add_below(path, "/run", "/systemd/user");
	add_below(path, machine->runtime, "/systemd/generator");
	add_below(path, machine->data, "/systemd/user");
	add_folders(path, data && *data ? data : "/usr/local/share:/usr/share", "/systemd/user");
	add_below(path, "/usr/local/lib", "/systemd/user");
	add_below(path, "/usr/lib", "/systemd/user");
	add_below(path, machine->runtime, "/systemd/generator.late");
}

const char *const *os_info_unit_path(const struct unit_machine *machine, struct pool *pool)
{
	const char *configured = secure_getenv("SYSTEMD_UNIT_PATH");
	struct unit_path path = { .pool = pool };

	if (configured)
		add_folders(&path, configured, "");
	else if (getuid())
		add_user_folders(&path, machine);
	if (!configured || !*configured || configured[strlen(configured) - 1] == ':')
		add_system_folders(&path);
	return path.failed ? NULL : pool_list(pool, path.list, path.count);
}
