/* Reads conditions: their kinds, and the parameter of each kind.
 *
 * A condition keeps a service from starting where it should not. So a parameter that superd could not check is an error
 * when the table is read. */
#include "config/type/condition.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "base/scan.h"
#include "config/type/type.h"

/* Kinds of values behind the =. */
enum parameter {
	PARAMETER_TEXT,
	PARAMETER_PATH,
	PARAMETER_BOOL,
	PARAMETER_NUMBER,               /* with a comparison in front, or >= */
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

static void cut_blanks(char *text)
{
	size_t length = strlen(text);

	while (length > 0 && strchr(" \t", text[length - 1]))
		length--;
	text[length] = '\0';
}

static bool skip_prefix(const char **text, const char *with)
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

unsigned condition_comparison(const char *text, const char **behind)
{
	static const struct {
		const char *sign;
		unsigned comparison;
	} signs[] = {
		{ "$=", COMPARE_PATTERN | COMPARE_EQUAL },
		{ "!$=", COMPARE_PATTERN | COMPARE_LESS | COMPARE_GREATER },
		{ "<>", COMPARE_LESS | COMPARE_GREATER },
		{ "<=", COMPARE_LESS | COMPARE_EQUAL },
		{ ">=", COMPARE_GREATER | COMPARE_EQUAL },
		{ "<", COMPARE_LESS },
		{ ">", COMPARE_GREATER },
		{ "==", COMPARE_EQUAL },
		{ "=", COMPARE_TEXT | COMPARE_EQUAL },
		{ "!=", COMPARE_TEXT | COMPARE_LESS | COMPARE_GREATER },
	};

	*behind = text;
	for (size_t n = 0; n < sizeof(signs) / sizeof(signs[0]); n++) {
		if (skip_prefix(behind, signs[n].sign))
			return signs[n].comparison;
	}
	return 0;
}

bool condition_compares(unsigned comparison, int order)
{
	return comparison & (order < 0 ? COMPARE_LESS : order > 0 ? COMPARE_GREATER : COMPARE_EQUAL);
}

/* Reads the next word as systemd does: blanks separate words, quotes join them, and a backslash makes the next byte
 * literal. Returns 1; 0: there is none; -1: a quote is not closed, a backslash is last, or the word is too long. */
static int next_word(const char **at, char word[CONDITION_WORD])
{
	const char *text = scan_skip_blanks(*at);
	size_t length = 0;
	char quote = '\0';

	*at = text;
	if (!*text)
		return 0;
	for (; *text && (quote || !strchr(" \t", *text)); text++) {
		if (*text == quote || (!quote && strchr("\"'", *text))) {
			quote = quote ? '\0' : *text;
			continue;
		}
		if (*text == '\\' && !*++text)
			return -1;
		if (length + 1 == CONDITION_WORD)
			return -1;
		word[length++] = *text;
	}
	word[length] = '\0';
	*at = text;
	return quote ? -1 : 1;
}

/* Splits a version from its sign; without a sign it is a pattern. Ignores blanks around it, in quotes, too. */
static void split_version(struct condition_word *word)
{
	const char *text = scan_skip_blanks(word->text);

	cut_blanks(word->text);
	word->key = 0;
	word->wanted = text;
	word->comparison = condition_comparison(text, &word->wanted);
	word->wanted = scan_skip_blanks(word->wanted);
	if (!word->comparison)
		word->comparison = COMPARE_PATTERN | COMPARE_EQUAL;
}

int condition_next_version(const char **at, bool is_first, struct condition_word *word)
{
	int taken = next_word(at, word->text);

	if (taken <= 0)
		return taken;
	split_version(word);
	if (*word->wanted)
		return 1;
	if (!is_first || next_word(at, word->text) <= 0)
		return -1;
	word->wanted = word->text;
	return 1;
}

int condition_next_release(const char **at, struct condition_word *word)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789";
	int taken = next_word(at, word->text);

	if (taken <= 0)
		return taken;
	word->key = strspn(word->text, letters);
	word->wanted = word->text;
	word->comparison = condition_comparison(word->text + word->key, &word->wanted);
	if (!word->key || (word->text[0] >= '0' && word->text[0] <= '9') || !word->comparison || !*word->wanted ||
	    strchr(" \t", *word->wanted))
		return -1;
	return 1;
}

enum condition_software condition_software(const char *text, const char **list)
{
	static const char *const names[] = {
		[SOFTWARE_KERNEL] = "kernel", [SOFTWARE_SYSTEMD] = "systemd", [SOFTWARE_GLIBC] = "glibc"
	};
	size_t length = strcspn(text, " \t<=>!$");

	*list = text + length;
	for (size_t n = 0; n < sizeof(names) / sizeof(names[0]); n++) {
		if (strlen(names[n]) == length && !memcmp(names[n], text, length))
			return (enum condition_software)n;
	}
	*list = text;
	return SOFTWARE_KERNEL;
}

static const char *refuse_number(const char *text, bool is_size)
{
	const char *number;
	int64_t value;

	if (condition_comparison(text, &number) & COMPARE_PATTERN)
		number = text;
	number = scan_skip_blanks(number);
	if (is_size ? !scan_bytes(number, &value) : !scan_count(number, &value) && value >= 0)
		return NULL;
	return is_size ? "expected a size, as 1G, with <, <=, =, !=, >= or > before it"
		       : "expected a number with <, <=, =, !=, >= or > before it";
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

static const char *refuse_versions(const char *text)
{
	struct condition_word word;
	bool is_first = true;
	int taken;

	while ((taken = condition_next_version(&text, is_first, &word)) > 0)
		is_first = false;
	return taken < 0 ? "expected a list as \">=6.1\" \"<7\"; quotes hold a sign and its version together" : NULL;
}

static const char *refuse_software(const char *text)
{
	const char *list;

	condition_software(text, &list);
	return refuse_versions(list);
}

static const char *refuse_release(const char *text)
{
	struct condition_word word;
	int taken;

	while ((taken = condition_next_release(&text, &word)) > 0)
		;
	return taken < 0 ? "expected words such as ID=debian or VERSION_ID>=12, in quotes if they contain blanks; "
			   "systemd.unit(5) lists the operators"
			 : NULL;
}

int64_t condition_read_hundredths(const char **at)
{
	const char *text = *at;
	int64_t value = 0;
	int digits = -1;

	for (; (*text >= '0' && *text <= '9') || (*text == '.' && digits < 0); text++) {
		if (*text == '.')
			digits = 0;
		else if (digits < 2)
			value = value > 1000000 ? value : value * 10 + (*text - '0');
		digits += digits >= 0 && *text != '.';
	}
	for (digits = digits < 0 ? 0 : digits; digits < 2; digits++)
		value *= 10;
	*at = text;
	return value;
}

/* Reads a time over which the kernel averages the pressure. false: it is another text. */
static bool read_span(const char *text, enum condition_span *span)
{
	static const struct {
		const char *name;
		enum condition_span span;
	} spans[] = {
		{ "10s", SPAN_10_S }, { "10sec", SPAN_10_S }, { "1min", SPAN_1_MIN }, { "5min", SPAN_5_MIN }
	};

	for (size_t n = 0; n < sizeof(spans) / sizeof(spans[0]); n++) {
		if (!strcmp(spans[n].name, text)) {
			*span = spans[n].span;
			return true;
		}
	}
	return false;
}

const char *condition_read_pressure(const char *text, int64_t *most, enum condition_span *span)
{
	bool is_number = *text >= '0' && *text <= '9';

	*span = SPAN_5_MIN;
	if (strchr(text, ':'))
		return "superd checks the pressure of the whole machine, not of a slice";
	*most = condition_read_hundredths(&text);
	skip_prefix(&text, "%");
	text = scan_skip_blanks(text);
	if (!is_number || *most > 10000 || (*text && *text != '/'))
		return "expected a percentage, as 20%, and after a / one of 10sec, 1min and 5min";
	if (*text && !read_span(scan_skip_blanks(text + 1), span))
		return "the kernel measures it over 10sec, 1min and 5min";
	return NULL;
}

static const char *parameter_refuse(enum parameter parameter, const char *text)
{
	enum condition_span span;
	unsigned capability;
	int64_t most;
	bool truth;

	if (!*text)
		return "a condition is a kind, = and a value; the value is missing";
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
		return !strcmp(text, "/etc") || !strcmp(text, "/var") ? NULL : "expected /etc or /var";
	case PARAMETER_SECURITY:
		return refuse_security(text);
	case PARAMETER_SOFTWARE:
		return refuse_software(text);
	case PARAMETER_RELEASE:
		return refuse_release(text);
	case PARAMETER_PRESSURE:
		return condition_read_pressure(text, &most, &span);
	case PARAMETER_VERSION:
		return refuse_versions(text);
	case PARAMETER_TEXT:
		break;
	}
	return NULL;
}

const char *condition_read(const char *text, struct condition *condition)
{
	size_t length;

	*condition = (struct condition){ .kind = CONDITION_KINDS };
	condition->is_assert = skip_prefix(&text, "Assert");
	if (!condition->is_assert)
		skip_prefix(&text, "Condition");
	length = strcspn(text, "=");
	if (!text[length])
		return "a condition is a kind, = and a value, as PathExists=/etc/x";
	if (!find_kind(text, length, &condition->kind))
		return "superd does not know this kind of condition";
	text = scan_skip_blanks(text + length + 1);
	while (skip_prefix(&text, "|"))
		condition->alternative++;
	if (condition->alternative > ALTERNATIVES_MOST)
		return "at most 16 | are possible before a condition";
	text = scan_skip_blanks(text);
	condition->is_negated = skip_prefix(&text, "!");     /* also of !=, as systemd has it */
	condition->parameter = scan_skip_blanks(text);
	return parameter_refuse(kinds[condition->kind].parameter, condition->parameter);
}
