/* Conditions as texts: which kinds there are, and what each of them may be told.
 *
 * * The hard thing is that a condition keeps a service from starting where it should not: one whose value superd
 * could not judge is an error when the table is read, not a start in the dark. */
#include "model/condition.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "base/scan.h"
#include "model/type.h"

/* What may stand behind the =. */
enum parameter {
	PARAMETER_TEXT,
	PARAMETER_PATH,
	PARAMETER_BOOL,
	PARAMETER_NUMBER,               /* with a comparison in front; without it is >= */
	PARAMETER_SIZE,
	PARAMETER_CAPABILITY,
	PARAMETER_TREE,
	PARAMETER_SECURITY,
	PARAMETER_VERSION,
	PARAMETER_SOFTWARE,
	PARAMETER_RELEASE,
	PARAMETER_PRESSURE,
};

static const struct {
	const char *name;
	enum parameter parameter;
} kinds[] = {
	[CONDITION_AC_POWER] = { "ACPower", PARAMETER_BOOL },
	[CONDITION_ARCHITECTURE] = { "Architecture", PARAMETER_TEXT },
	[CONDITION_CPU_PRESSURE] = { "CPUPressure", PARAMETER_PRESSURE },
	[CONDITION_IO_PRESSURE] = { "IOPressure", PARAMETER_PRESSURE },
	[CONDITION_MEMORY_PRESSURE] = { "MemoryPressure", PARAMETER_PRESSURE },
	[CONDITION_OS_RELEASE] = { "OSRelease", PARAMETER_RELEASE },
	[CONDITION_VERSION] = { "Version", PARAMETER_SOFTWARE },
	[CONDITION_CPUS] = { "CPUs", PARAMETER_NUMBER },
	[CONDITION_CAPABILITY] = { "Capability", PARAMETER_CAPABILITY },
	[CONDITION_CONTROL_GROUP_CONTROLLER] = { "ControlGroupController", PARAMETER_TEXT },
	[CONDITION_DIRECTORY_NOT_EMPTY] = { "DirectoryNotEmpty", PARAMETER_PATH },
	[CONDITION_ENVIRONMENT] = { "Environment", PARAMETER_TEXT },
	[CONDITION_FILE_IS_EXECUTABLE] = { "FileIsExecutable", PARAMETER_PATH },
	[CONDITION_FILE_NOT_EMPTY] = { "FileNotEmpty", PARAMETER_PATH },
	[CONDITION_FIRST_BOOT] = { "FirstBoot", PARAMETER_BOOL },
	[CONDITION_GROUP] = { "Group", PARAMETER_TEXT },
	[CONDITION_HOST] = { "Host", PARAMETER_TEXT },
	[CONDITION_KERNEL_COMMAND_LINE] = { "KernelCommandLine", PARAMETER_TEXT },
	[CONDITION_KERNEL_MODULE_LOADED] = { "KernelModuleLoaded", PARAMETER_TEXT },
	[CONDITION_KERNEL_VERSION] = { "KernelVersion", PARAMETER_VERSION },
	[CONDITION_MEMORY] = { "Memory", PARAMETER_SIZE },
	[CONDITION_NEEDS_UPDATE] = { "NeedsUpdate", PARAMETER_TREE },
	[CONDITION_PATH_EXISTS] = { "PathExists", PARAMETER_PATH },
	[CONDITION_PATH_EXISTS_GLOB] = { "PathExistsGlob", PARAMETER_PATH },
	[CONDITION_PATH_IS_DIRECTORY] = { "PathIsDirectory", PARAMETER_PATH },
	[CONDITION_PATH_IS_MOUNT_POINT] = { "PathIsMountPoint", PARAMETER_PATH },
	[CONDITION_PATH_IS_READ_WRITE] = { "PathIsReadWrite", PARAMETER_PATH },
	[CONDITION_PATH_IS_SOCKET] = { "PathIsSocket", PARAMETER_PATH },
	[CONDITION_PATH_IS_SYMBOLIC_LINK] = { "PathIsSymbolicLink", PARAMETER_PATH },
	[CONDITION_SECURITY] = { "Security", PARAMETER_SECURITY },
	[CONDITION_USER] = { "User", PARAMETER_TEXT },
	[CONDITION_VIRTUALIZATION] = { "Virtualization", PARAMETER_TEXT },
};
static_assert(sizeof(kinds) / sizeof(kinds[0]) == CONDITION_KINDS, "every kind has a name");

static const char *skip_blanks(const char *text)
{
	return text + strspn(text, " \t");
}

static bool begins(const char **text, const char *with)
{
	size_t length = strlen(with);

	if (strncmp(*text, with, length) != 0)
		return false;
	*text += length;
	return true;
}

static bool find_kind(const char *name, size_t length, enum condition_kind *kind)
{
	for (int n = 0; n < CONDITION_KINDS; n++) {
		if (strlen(kinds[n].name) == length && !memcmp(kinds[n].name, name, length)) {
			*kind = (enum condition_kind)n;
			return true;
		}
	}
	return false;
}

unsigned condition_comparison(const char *text, const char **number)
{
	static const struct {
		const char *sign;
		unsigned comparison;
	} signs[] = {
		{ "<=", COMPARE_LESS | COMPARE_EQUAL }, { ">=", COMPARE_GREATER | COMPARE_EQUAL },
		{ "!=", COMPARE_LESS | COMPARE_GREATER }, { "<>", COMPARE_LESS | COMPARE_GREATER },
		{ "==", COMPARE_EQUAL }, { "=", COMPARE_EQUAL }, { "<", COMPARE_LESS }, { ">", COMPARE_GREATER },
		{ "lt", COMPARE_LESS }, { "le", COMPARE_LESS | COMPARE_EQUAL }, { "eq", COMPARE_EQUAL },
		{ "ne", COMPARE_LESS | COMPARE_GREATER }, { "ge", COMPARE_GREATER | COMPARE_EQUAL },
		{ "gt", COMPARE_GREATER },
	};

	*number = text;
	for (size_t n = 0; n < sizeof(signs) / sizeof(signs[0]); n++) {
		if (begins(number, signs[n].sign)) {
			*number = skip_blanks(*number);
			return signs[n].comparison;
		}
	}
	return 0;
}

bool condition_compares(unsigned comparison, int order)
{
	return comparison & (order < 0 ? COMPARE_LESS : order > 0 ? COMPARE_GREATER : COMPARE_EQUAL);
}

static const char *refuse_number(const char *text, bool is_size)
{
	const char *number;
	int64_t value;

	condition_comparison(text, &number);
	if (is_size ? !scan_bytes(number, &value) : !scan_count(number, &value) && value >= 0)
		return NULL;
	return is_size ? "it is a size, as 1G, with <, <=, =, !=, >= or > in front"
		       : "it is a number with <, <=, =, !=, >= or > in front";
}

static const char *refuse_security(const char *text)
{
	static const char *const known[] = {
		"selinux", "apparmor", "tomoyo", "smack", "ima", "audit", "uefi-secureboot"
	};

	for (size_t n = 0; n < sizeof(known) / sizeof(known[0]); n++) {
		if (!strcmp(known[n], text))
			return NULL;
	}
	return "superd knows selinux, apparmor, tomoyo, smack, ima, audit and uefi-secureboot";
}

static const char *refuse_software(const char *text)
{
	size_t length = strcspn(text, " \t<=>\x21");

	if (length == 6 && !memcmp(text, "kernel", 6) && text[length])
		return NULL;
	return "superd knows the version of the kernel, as in kernel >= 6.1";
}

static const char *refuse_release(const char *text)
{
	for (size_t length; *text; text += length + strspn(text + length, " \t")) {
		size_t key = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789");

		length = strcspn(text, " \t");
		if (!key || key >= length || !strchr("<>=!$", text[key]))
			return "it is made of words KEY=VALUE; systemd.unit(5) has what may stand in place of the =";
		if (text[key] == '$' ? text[key + 1] != '=' : text[key] == '!' && !strchr("=$", text[key + 1]))
			return "between key and value stands one of the signs of systemd.unit(5)";
	}
	return NULL;
}

static const char *refuse_pressure(const char *text)
{
	size_t number = strspn(text, "0123456789."), length = number + (text[number] == '%');
	const char *span = text + length;

	if (strchr(text, ':'))
		return "superd looks at the pressure of the whole machine, not of a slice";
	if (!number || number > 6 || (*span && *span != '/'))
		return "it is a percentage, as 20%, and behind a / one of 10s, 1min and 5min";
	if (*span && strcmp(span, "/10s") && strcmp(span, "/1min") && strcmp(span, "/5min"))
		return "the kernel measures it over 10s, 1min and 5min";
	return NULL;
}

static const char *parameter_refuse(enum parameter parameter, const char *text)
{
	unsigned capability;
	bool truth;

	if (!*text)
		return "a condition is a kind, = and what it looks for; this says nothing behind the =";
	switch (parameter) {
	case PARAMETER_PATH:
		return *text == '/' ? NULL : "a path begins with /";
	case PARAMETER_BOOL:
		return scan_bool(text, &truth);
	case PARAMETER_NUMBER:
		return refuse_number(text, false);
	case PARAMETER_SIZE:
		return refuse_number(text, true);
	case PARAMETER_CAPABILITY:
		return capability_find(text, &capability) ? NULL : "there is no such capability";
	case PARAMETER_TREE:
		return !strcmp(text, "/etc") || !strcmp(text, "/var") ? NULL : "it is /etc or /var";
	case PARAMETER_SECURITY:
		return refuse_security(text);
	case PARAMETER_SOFTWARE:
		return refuse_software(text);
	case PARAMETER_RELEASE:
		return refuse_release(text);
	case PARAMETER_PRESSURE:
		return refuse_pressure(text);
	case PARAMETER_VERSION:
	case PARAMETER_TEXT:
		break;
	}
	return NULL;
}

const char *condition_read(const char *text, struct condition *condition)
{
	size_t length;

	*condition = (struct condition){ .kind = CONDITION_KINDS };
	condition->is_assert = begins(&text, "Assert");
	if (!condition->is_assert)
		begins(&text, "Condition");
	length = strcspn(text, "=");
	if (!text[length])
		return "a condition is a kind, = and what it looks for, as PathExists=/etc/x";
	if (!find_kind(text, length, &condition->kind))
		return "superd does not know this kind of condition";
	text = skip_blanks(text + length + 1);
	while (begins(&text, "|"))
		condition->alternative++;
	if (condition->alternative > ALTERNATIVES_MOST)
		return "16 | in front of a condition are the most";
	text = skip_blanks(text);
	/* Of a comparison != is the sign, not a negation. */
	condition->is_negated = text[0] == '!' && text[1] != '=' && begins(&text, "!");
	condition->parameter = skip_blanks(text);
	return parameter_refuse(kinds[condition->kind].parameter, condition->parameter);
}
