/* Conditions about the machine: capabilities, control groups, the kernel's command line, security modules. Source:
 * systemd.unit(5). */
#include "exec/stages/condition.h"

#include <linux/netlink.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "exec/stages/condition_internal.h"
#include "table/type/type.h"

extern char **environ;

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
	case CONDITION_CAPABILITY:
		return capability_holds(text);
	case CONDITION_CONTROL_GROUP_CONTROLLER:
		return controller_holds(text);
	case CONDITION_ENVIRONMENT:
		return environment_holds(text);
	case CONDITION_GROUP:
		return condition_group_holds(text);
	case CONDITION_KERNEL_COMMAND_LINE:
		return command_line_holds(text);
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
