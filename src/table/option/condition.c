/* Reads conditions: their kinds, and the parameter of each kind.
 *
 * A condition keeps a service from starting where it should not. So a parameter that superd could not check is an error
 * when the table is read. */
#include "table/option/option.h"

#include <assert.h>

static const struct {
	const char *name;
	bool has_path;                  /* behind the = */
} kinds[] = {
	[CONDITION_CAPABILITY] = { "Capability", false },
	[CONDITION_DIRECTORY_NOT_EMPTY] = { "DirectoryNotEmpty", true },
	[CONDITION_ENVIRONMENT] = { "Environment", false },
	[CONDITION_FILE_IS_EXECUTABLE] = { "FileIsExecutable", true },
	[CONDITION_FILE_NOT_EMPTY] = { "FileNotEmpty", true },
	[CONDITION_KERNEL_COMMAND_LINE] = { "KernelCommandLine", false },
	[CONDITION_PATH_EXISTS] = { "PathExists", true },
	[CONDITION_PATH_EXISTS_GLOB] = { "PathExistsGlob", true },
	[CONDITION_PATH_IS_DIRECTORY] = { "PathIsDirectory", true },
	[CONDITION_PATH_IS_MOUNT_POINT] = { "PathIsMountPoint", true },
	[CONDITION_PATH_IS_READ_WRITE] = { "PathIsReadWrite", true },
	[CONDITION_PATH_IS_SOCKET] = { "PathIsSocket", true },
	[CONDITION_PATH_IS_SYMBOLIC_LINK] = { "PathIsSymbolicLink", true },
	[CONDITION_USER] = { "User", false },
	[CONDITION_VIRTUALIZATION] = { "Virtualization", false },
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
	if (kinds[condition->kind].has_path && *condition->parameter != '/')
		return "a path begins with /";
	if (condition->kind == CONDITION_CAPABILITY && !capability_find(condition->parameter, &capability))
		return "there is no such capability";
	return NULL;
}
