/* Conditions about superd and the machine: capabilities, variables, the user, the kernel's command line. Source:
 * systemd.unit(5). */
#include "exec/stages/condition.h"

#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "exec/stages/condition_internal.h"
#include "lib/scan.h"
#include "table/type/type.h"

#define SYSTEM_MOST 999                 /* highest uid of system users */

extern char **environ;

static bool capability_holds(const char *text)
{
	unsigned number;

	return capability_find(text, &number) && prctl(PR_CAPBSET_READ, number, 0, 0, 0) == 1;
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

/* passwd(5) is read as a file: what asks the network (nsswitch.conf(5)) has no place in this program. */
bool condition_user_holds(const char *text)
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

bool condition_machine_holds(enum condition_kind kind, const char *text)
{
	switch (kind) {
	case CONDITION_CAPABILITY:
		return capability_holds(text);
	case CONDITION_ENVIRONMENT:
		return environment_holds(text);
	case CONDITION_KERNEL_COMMAND_LINE:
		return command_line_holds(text);
	case CONDITION_USER:
		return condition_user_holds(text);
	case CONDITION_VIRTUALIZATION:
		return condition_virtualization_holds(text);
	default:
		return false;
	}
}
