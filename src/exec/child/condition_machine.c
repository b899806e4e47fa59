/* Conditions about the machine: CPUs, memory, kernel, host name, security modules. Source: systemd.unit(5).
 *
 * superd uses the marks that systemd leaves below /run/systemd, and also reads the files behind them. */
#include "exec/child/condition.h"

#include <fcntl.h>
#include <linux/netlink.h>
#include <sched.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>
#ifdef HAVE_GNU_GET_LIBC_VERSION
#include <gnu/libc-version.h>
#endif

#include "base/glob.h"
#include "base/scan.h"
#include "config/type/type.h"
#include "exec/child/condition_internal.h"

extern char **environ;

/* Whether a value, "yes" or "no", matches the fact. */
static bool is_truth(const char *text, bool fact)
{
	bool wanted;

	return !scan_bool(text, &wanted) && wanted == fact;
}

static bool compare_number(const char *text, int64_t here, bool is_size)
{
	const char *number;
	unsigned comparison = condition_comparison(text, &number);
	int64_t wanted;

	number += strspn(number, " \t");
	if (is_size ? scan_bytes(number, &wanted) != NULL : scan_count(number, &wanted) != NULL)
		return false;
	if (!comparison)
		comparison = COMPARE_GREATER | COMPARE_EQUAL;
	return condition_compares(comparison, here < wanted ? -1 : here > wanted);
}

static int64_t count_cpus(void)
{
	cpu_set_t sets[8];              /* 8192 CPUs: the kernel needs room for all that the machine may have */

	return sched_getaffinity(0, sizeof(sets), sets) < 0 ? 1 : CPU_COUNT_S(sizeof(sets), sets);
}

static int64_t count_memory(void)
{
	struct sysinfo info;

	return sysinfo(&info) < 0 ? 0 : (int64_t)info.totalram * info.mem_unit;
}

static bool architecture_holds(const char *text)
{
	static const char *const names[][2] = {
		{ "x86-64", "x86_64" },	 { "x86", "i386" },	  { "x86", "i486" },	   { "x86", "i586" },
		{ "x86", "i686" },	 { "arm64", "aarch64" },  { "arm64-be", "aarch64_be" }, { "arm", "armv6l" },
		{ "arm", "armv7l" },	 { "arm", "armv8l" },	  { "ppc64-le", "ppc64le" }, { "ppc64", "ppc64" },
		{ "ppc", "ppc" },	 { "riscv64", "riscv64" }, { "riscv32", "riscv32" }, { "s390x", "s390x" },
		{ "loongarch64", "loongarch64" }, { "mips", "mips" }, { "mips64", "mips64" }, { "sparc64", "sparc64" },
	};
	struct utsname here;

	if (!strcmp(text, "native"))
		return true;
	if (uname(&here) < 0)
		return false;
	for (size_t n = 0; n < sizeof(names) / sizeof(names[0]); n++) {
		if (!strcmp(names[n][0], text) && !strcmp(names[n][1], here.machine))
			return true;
	}
	return false;
}

static bool capability_holds(const char *text)
{
	unsigned number;

	return capability_find(text, &number) && prctl(PR_CAPBSET_READ, number, 0, 0, 0) == 1;
}

/* Whether all words of `text` are in the list. */
static bool has_words(const char *list, const char *text)
{
	for (size_t length; *text; text += length + strspn(text + length, " \t")) {
		const char *at = list;
		size_t other;

		length = strcspn(text, " \t");
		for (; *at; at += other + strspn(at + other, " \t\n")) {
			other = strcspn(at, " \t\n");
			if (other == length && !memcmp(at, text, length))
				break;
		}
		if (!*at)
			return false;
	}
	return true;
}

static bool controller_holds(const char *text)
{
	char list[1024];
	bool unified = condition_read_file("/sys/fs/cgroup/cgroup.controllers", list, sizeof(list));

	if (!strcmp(text, "v1") || !strcmp(text, "v2"))
		return unified == (text[1] == '2') && (unified || condition_path_exists("/sys/fs/cgroup"));
	return unified && has_words(list, text);
}

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

static bool is_first_boot(void)
{
	char text[64];

	if (condition_path_exists("/run/systemd/first-boot"))
		return true;
	condition_first_line("/etc/machine-id", text, sizeof(text));
	return !*text || !strcmp(text, "uninitialized");
}

/* Whether the command line has this word, or, without "=", this word with any value. */
static bool command_line_holds(const char *text)
{
	char line[4096];
	size_t length = strlen(text);

	condition_first_line("/proc/cmdline", line, sizeof(line));
	for (const char *at = line; *at; at += strspn(at, " ")) {
		if (!strncmp(at, text, length) && (!at[length] || at[length] == ' ' ||
						   (at[length] == '=' && !strchr(text, '='))))
			return true;
		at += strcspn(at, " ");
	}
	return false;
}

static bool module_holds(const char *text)
{
	char path[128] = "/sys/module/";
	size_t length = strlen(path);

	if (strchr(text, '/') || !strcmp(text, ".") || !strcmp(text, ".."))
		return false;           /* not a file name, so not a module */
	for (; *text && length + 1 < sizeof(path); text++)
		path[length++] = *text == '-' ? '_' : *text;
	return !*text && condition_path_exists(path);
}

/* Copies in lower case, without dashes unless keeps_dashes. false: it does not fit. */
static bool copy_lowercase(const char *text, bool keeps_dashes, char copy[CONDITION_WORD])
{
	size_t length = 0;

	for (; *text; text++) {
		if (*text == '-' && !keeps_dashes)
			continue;
		if (length + 1 == CONDITION_WORD)
			return false;
		copy[length++] = *text >= 'A' && *text <= 'Z' ? (char)(*text | 0x20) : *text;
	}
	copy[length] = '\0';
	return true;
}

/* Matches the machine id, also as a UUID, or a pattern of the host name, ignoring case. */
static bool host_holds(const char *text)
{
	char machine[64], wanted[CONDITION_WORD], name[CONDITION_WORD];
	struct utsname here;

	condition_first_line("/etc/machine-id", machine, sizeof(machine));
	if (*machine && copy_lowercase(text, false, wanted) && !strcmp(machine, wanted))
		return true;
	return uname(&here) == 0 && copy_lowercase(here.nodename, true, name) && copy_lowercase(text, true, wanted) &&
	       glob_matches(wanted, name, 0);
}

static bool versions_hold(const char *list, const char *here)
{
	struct condition_word word;
	bool is_first = true;
	int taken;

	while ((taken = condition_next_version(&list, is_first, &word)) > 0) {
		if (!condition_version_holds(word.comparison, here, word.wanted))
			return false;
		is_first = false;
	}
	return !taken;
}

static bool kernel_holds(const char *list)
{
	struct utsname here;

	return uname(&here) == 0 && versions_hold(list, here.release);
}

static bool glibc_holds(const char *list)
{
#ifdef HAVE_GNU_GET_LIBC_VERSION
	return versions_hold(list, gnu_get_libc_version());
#else
	(void)list;
	return false;
#endif
}

static bool software_holds(const char *text)
{
	const char *list;

	switch (condition_software(text, &list)) {
	case SOFTWARE_SYSTEMD:
		return versions_hold(list, CONDITION_SYSTEMD);
	case SOFTWARE_GLIBC:
		return glibc_holds(list);
	default:
		return kernel_holds(list);
	}
}

/* Whether /usr is newer than the mark of the last update of this tree (systemd-update-done.service(8)). */
static bool needs_update(const char *tree)
{
	struct stat usr, updated;
	bool etc = !strcmp(tree, "/etc");

	if (stat("/usr", &usr) < 0)
		return false;
	if (stat(etc ? "/etc/.updated" : "/var/.updated", &updated) < 0)
		return true;
	return usr.st_mtim.tv_sec > updated.st_mtim.tv_sec ||
	       (usr.st_mtim.tv_sec == updated.st_mtim.tv_sec && usr.st_mtim.tv_nsec > updated.st_mtim.tv_nsec);
}

static bool has_audit(void)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_AUDIT);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static bool has_secure_boot(void)
{
	static const char path[] = "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c";
	char value[8] = "";

	return condition_read_file(path, value, sizeof(value)) && value[4] == 1;
}

static bool security_holds(const char *text)
{
	char value[8];

	if (!strcmp(text, "selinux"))
		return condition_path_exists("/sys/fs/selinux/enforce");
	if (!strcmp(text, "apparmor"))
		return *condition_first_line("/sys/module/apparmor/parameters/enabled", value, sizeof(value)) == 'Y';
	if (!strcmp(text, "tomoyo"))
		return condition_path_exists("/sys/kernel/security/tomoyo/version");
	if (!strcmp(text, "smack"))
		return condition_path_exists("/sys/fs/smackfs/");
	if (!strcmp(text, "ima"))
		return condition_path_exists("/sys/kernel/security/ima/");
	return !strcmp(text, "audit") ? has_audit() : has_secure_boot();
}

bool condition_machine_holds(enum condition_kind kind, const char *text)
{
	switch (kind) {
	case CONDITION_AC_POWER:
		return is_truth(text, condition_has_power());
	case CONDITION_ARCHITECTURE:
		return architecture_holds(text);
	case CONDITION_CPUS:
		return compare_number(text, count_cpus(), false);
	case CONDITION_CAPABILITY:
		return capability_holds(text);
	case CONDITION_CONTROL_GROUP_CONTROLLER:
		return controller_holds(text);
	case CONDITION_ENVIRONMENT:
		return environment_holds(text);
	case CONDITION_FIRST_BOOT:
		return is_truth(text, is_first_boot());
	case CONDITION_GROUP:
		return condition_group_holds(text);
	case CONDITION_HOST:
		return host_holds(text);
	case CONDITION_KERNEL_COMMAND_LINE:
		return command_line_holds(text);
	case CONDITION_KERNEL_MODULE_LOADED:
		return module_holds(text);
	case CONDITION_KERNEL_VERSION:
		return kernel_holds(text);
	case CONDITION_VERSION:
		return software_holds(text);
	case CONDITION_OS_RELEASE:
		return condition_release_holds(text);
	case CONDITION_CPU_PRESSURE:
		return condition_pressure_holds("/proc/pressure/cpu", text);
	case CONDITION_IO_PRESSURE:
		return condition_pressure_holds("/proc/pressure/io", text);
	case CONDITION_MEMORY_PRESSURE:
		return condition_pressure_holds("/proc/pressure/memory", text);
	case CONDITION_MEMORY:
		return compare_number(text, count_memory(), true);
	case CONDITION_NEEDS_UPDATE:
		return needs_update(text);
	case CONDITION_SECURITY:
		return security_holds(text);
	case CONDITION_USER:
		return condition_user_holds(text);
	case CONDITION_VIRTUALIZATION:
		return condition_virtualization_holds(text);
	default:
		return false;
	}
}
