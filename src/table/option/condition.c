/* Reads conditions: their kinds, and the parameter of each kind.
 *
 * A condition keeps a service from starting where it should not. So a parameter that superd could not check is an error
 * when the table is read. */
#include "table/option/option.h"

#include <assert.h>

/* Kinds of values behind the =. */
enum parameter {
	PARAMETER_TEXT,
	PARAMETER_PATH,
	PARAMETER_CAPABILITY,
};

static const struct {
	const char *name;
	enum parameter parameter;
} kinds[] = {
	[CONDITION_CAPABILITY] = { "Capability", PARAMETER_CAPABILITY },
	[CONDITION_DIRECTORY_NOT_EMPTY] = { "DirectoryNotEmpty", PARAMETER_PATH },
	[CONDITION_ENVIRONMENT] = { "Environment", PARAMETER_TEXT },
	[CONDITION_FILE_IS_EXECUTABLE] = { "FileIsExecutable", PARAMETER_PATH },
	[CONDITION_FILE_NOT_EMPTY] = { "FileNotEmpty", PARAMETER_PATH },
	[CONDITION_KERNEL_COMMAND_LINE] = { "KernelCommandLine", PARAMETER_TEXT },
	[CONDITION_PATH_EXISTS] = { "PathExists", PARAMETER_PATH },
	[CONDITION_PATH_EXISTS_GLOB] = { "PathExistsGlob", PARAMETER_PATH },
	[CONDITION_PATH_IS_DIRECTORY] = { "PathIsDirectory", PARAMETER_PATH },
	[CONDITION_PATH_IS_MOUNT_POINT] = { "PathIsMountPoint", PARAMETER_PATH },
	[CONDITION_PATH_IS_READ_WRITE] = { "PathIsReadWrite", PARAMETER_PATH },
	[CONDITION_PATH_IS_SOCKET] = { "PathIsSocket", PARAMETER_PATH },
	[CONDITION_PATH_IS_SYMBOLIC_LINK] = { "PathIsSymbolicLink", PARAMETER_PATH },
	[CONDITION_USER] = { "User", PARAMETER_TEXT },
	[CONDITION_VIRTUALIZATION] = { "Virtualization", PARAMETER_TEXT },
};
static_assert(sizeof(kinds) / sizeof(kinds[0]) == CONDITION_KINDS, "every kind has a name");

static bool skip_prefix(const char **text, const char *with)
{
	size_t length = strlen(with);

	if (strncmp(*text, with, length) != 0)
		return false;
	*text += length;
	return true;
}

const char *condition_read(const char *text, struct condition *condition)
{
	size_t length;
	unsigned capability;

	*condition = (struct condition){ .kind = 0 };
	condition->is_assert = skip_prefix(&text, "Assert");
	if (!condition->is_assert)
		skip_prefix(&text, "Condition");
	length = strcspn(text, "=");
	if (!text[length])
		return "a condition is a kind, = and a value, as PathExists=/etc/x";
	while (condition->kind < CONDITION_KINDS && !scan_is_word(text, length, kinds[condition->kind].name))
		condition->kind++;
	if (condition->kind == CONDITION_KINDS)
		return "superd does not check this kind of condition; exec_condition runs a program that does";
	text = scan_skip_blanks(text + length + 1);
	while (skip_prefix(&text, "|"))
		condition->alternative++;
	if (condition->alternative > ALTERNATIVES_MOST)
		return "at most 16 | are possible before a condition";
	text = scan_skip_blanks(text);
	condition->is_negated = skip_prefix(&text, "!");     /* also of !=, as systemd has it */
	condition->parameter = scan_skip_blanks(text);
	if (!*condition->parameter)
		return "a condition is a kind, = and a value; the value is missing";
	switch (kinds[condition->kind].parameter) {
	case PARAMETER_PATH:
		return *condition->parameter == '/' ? NULL : "a path begins with /";
	case PARAMETER_CAPABILITY:
		return capability_find(condition->parameter, &capability) ? NULL : "there is no such capability";
	case PARAMETER_TEXT:
		break;
	}
	return NULL;
}
