/* Facts about this machine that unit files refer to by specifiers, and the folders where units are looked for. */
#include "superd/machine/machine.h"

#include <pwd.h>
#include <sys/utsname.h>

/* The folders that unit files refer to by specifiers, and those that they are searched in. Source: systemd.unit(5),
 * file-hierarchy(7). Root gets the system's folders; other users get those of the XDG base directory specification. */

#define FOLDERS 56      /* of the search path; more are left out */

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

/* Fills in the folders; called by os_info_read once the user's home is known. false: out of memory. */
static bool os_info_read_dirs(struct specifier_values *machine, struct pool *pool)
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

static void add_below(struct unit_path *path, const char *base, const char *below)
{
	if (base)
		add_folder(path, base, strlen(base), below);
}

static void add_user_folders(struct unit_path *path, const struct specifier_values *machine)
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

const char *const *os_info_unit_path(const struct specifier_values *machine, struct pool *pool)
{
	const char *configured = secure_getenv("SYSTEMD_UNIT_PATH");
	bool has_usual = !configured || !*configured || configured[strlen(configured) - 1] == ':';
	struct unit_path path = { .pool = pool };

	if (configured)
		add_folders(&path, configured, "");
	if (has_usual && getuid())
		add_user_folders(&path, machine);
	for (const char *const *folder = machine_unit_path; has_usual && *folder; folder++)
		add_folder(&path, *folder, strlen(*folder), "");
	return path.failed ? NULL : pool_list(pool, path.list, path.count);
}

/* Facts about this machine for unit files. Source: systemd.unit(5), os-release(5), machine-info(5), machine-id(5).
 *
 * Containers often lack a machine id, an os-release or a name for the user. A missing value stays unknown, and only a
 * unit that uses it is refused. */

#define FILE_MOST (64u << 10)

/* Machine names of uname(2) for which systemd has other names. */
static const struct {
	const char *kernel, *name;
} architectures[] = {
	{ "x86_64", "x86-64" },
	{ "i386", "x86" },
	{ "i486", "x86" },
	{ "i586", "x86" },
	{ "i686", "x86" },
	{ "aarch64", "arm64" },
	{ "aarch64_be", "arm64-be" },
	{ "armv4l", "arm" },
	{ "armv5tel", "arm" },
	{ "armv6l", "arm" },
	{ "armv7l", "arm" },
	{ "armv8l", "arm" },
	{ "ppc64le", "ppc64-le" },
	{ "ppcle", "ppc-le" },
	{ "mips64el", "mips64-le" },
	{ "mipsel", "mips-le" },
	{ "loongarch64", "loongarch64" },
};

static const char *keep_architecture(struct pool *pool, const char *kernel)
{
	for (size_t n = 0; n < sizeof(architectures) / sizeof(*architectures); n++) {
		if (!strcmp(architectures[n].kernel, kernel))
			return architectures[n].name;
	}
	return pool_text(pool, kernel);
}

/* Appends a value as a shell reads it: a quoted text, or up to a blank. */
static void add_unquoted(struct buf *out, const char *at, const char *end)
{
	char quote = at < end && (*at == '"' || *at == '\'') ? *at++ : '\0';

	for (; at < end && *at != quote && (quote || *at != ' '); at++) {
		if (*at == '\\' && quote != '\'' && at + 1 < end)
			at++;
		buf_char(out, *at);
	}
}

/* The value in the last line KEY=VALUE; "" if there is none. NULL: out of memory. */
static const char *keep_value(struct pool *pool, const char *text, const char *key)
{
	size_t length = strlen(key);
	struct buf value = { 0 };

	for (const char *line = text; line && *line; line += *line == '\n') {
		const char *end = line + strcspn(line, "\n");

		if (!strncmp(line, key, length) && line[length] == '=') {
			buf_clear(&value);
			add_unquoted(&value, line + length + 1, end);
		}
		line = end;
	}
	return buf_keep(&value, pool);
}

/* Reads a file; NULL if it cannot be read, which has no values. */
static char *read_config(const char *path)
{
	size_t length;

	return fd_read_file(path, FILE_MOST, &length);
}

static void read_system(struct specifier_values *machine, struct pool *pool)
{
	char *text = read_config("/etc/os-release");

	if (!text)
		text = read_config("/usr/lib/os-release");
	machine->os_id = keep_value(pool, text, "ID");
	if (machine->os_id && !*machine->os_id)
		machine->os_id = "linux";
	machine->os_version_id = keep_value(pool, text, "VERSION_ID");
	machine->os_build_id = keep_value(pool, text, "BUILD_ID");
	machine->os_variant_id = keep_value(pool, text, "VARIANT_ID");
	machine->image_id = keep_value(pool, text, "IMAGE_ID");
	machine->image_version = keep_value(pool, text, "IMAGE_VERSION");
	free(text);
}

static void read_host(struct specifier_values *machine, struct pool *pool)
{
	struct utsname names;
	char *text = read_config("/etc/machine-info");
	const char *host;

	if (uname(&names) == 0) {
		host = *names.nodename && strcmp(names.nodename, "(none)") != 0 ? names.nodename : "localhost";
		machine->host_name = pool_text(pool, host);
		machine->short_host_name = pool_text_n(pool, host, strcspn(host, "."));
		machine->kernel = pool_text(pool, names.release);
		machine->architecture = keep_architecture(pool, names.machine);
	}
	machine->pretty_host_name = keep_value(pool, text, "PRETTY_HOSTNAME");
	if (machine->pretty_host_name && !*machine->pretty_host_name)
		machine->pretty_host_name = machine->short_host_name;
	free(text);
}

/* Reads an id of 32 digits, without dashes; NULL if the file has none, as before the first boot. */
static const char *keep_id(struct pool *pool, const char *path)
{
	char *text = read_config(path), id[33] = "";
	size_t length = 0;

	for (const char *at = text; at && *at && *at != '\n'; at++) {
		if (*at == '-')
			continue;
		if (length == 32 || !strchr("0123456789abcdefABCDEF", *at)) {
			length = 0;
			break;
		}
		id[length++] = (char)(*at >= 'A' && *at <= 'F' ? *at | 0x20 : *at);
	}
	free(text);
	return length == 32 ? pool_text(pool, id) : NULL;
}

static const char *absolute(const char *path)
{
	return path && *path == '/' ? path : NULL;
}

/* The shell that /etc/passwd gives root, in pool; NULL: none. */
static const char *read_root_shell(struct pool *pool)
{
	FILE *file = fopen("/etc/passwd", "re");
	const struct passwd *entry = NULL;
	const char *shell;

	while (file && (entry = fgetpwent(file)) && entry->pw_uid)
		continue;
	shell = entry ? absolute(entry->pw_shell) : NULL;
	shell = shell ? pool_text(pool, shell) : NULL;
	if (file)
		fclose(file);
	return shell;
}

/* NSS is not asked for root, so that a system whose names come over the network can start. */
static void read_user(struct specifier_values *machine, struct lookup_cache *lookups, struct pool *pool)
{
	const char *home = absolute(secure_getenv("HOME")), *shell = absolute(secure_getenv("SHELL"));
	struct found_name found = { .wrong = NULL };
	struct resolver resolver;
	struct diags ignored = { 0 };

	machine->user_id = pool_textf(pool, "%u", (unsigned)getuid());
	machine->group_id = pool_textf(pool, "%u", (unsigned)getgid());
	machine->shell = "/bin/sh";
	if (!getuid()) {
		machine->user = machine->group = "root";
		machine->home = "/root";
		shell = read_root_shell(pool);
		machine->shell = shell ? shell : machine->shell;
		return;
	}
	resolver_open(&resolver, pool, lookups, &ignored);
	if (machine->user_id)
		found = accounts_user(&resolver, machine->user_id);
	accounts_has_group_id(&resolver, getgid(), &machine->group);
	resolver_close(&resolver);
	diags_free(&ignored);
	if (found.listed) {
		machine->user = found.name;
		home = home ? home : found.home;
		shell = shell ? shell : found.shell;
	}
	machine->home = pool_text(pool, home);
	machine->shell = shell ? pool_text(pool, shell) : machine->shell;
}

bool os_info_read(struct specifier_values *machine, struct lookup_cache *lookups, struct pool *pool)
{
	*machine = (struct specifier_values){
		.machine_id = keep_id(pool, "/etc/machine-id"),
		.boot_id = keep_id(pool, "/proc/sys/kernel/random/boot_id"),
	};
	read_host(machine, pool);
	read_system(machine, pool);
	read_user(machine, lookups, pool);
	return machine->user_id && machine->group_id && machine->os_id && machine->image_version &&
		os_info_read_dirs(machine, pool);
}
