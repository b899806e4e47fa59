/* Conditions of a start (option `condition`): texts such as ConditionPathExists=!/etc/nologin, one kind of
 * systemd.unit(5)'s each. All without a | must hold, and of those with the same number of | at least one. An assertion
 * that does not hold is a failure, a condition only a pause. exec/child/condition looks at the machine. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum condition_kind {
	CONDITION_AC_POWER,
	CONDITION_ARCHITECTURE,
	CONDITION_CPUS,
	CONDITION_CPU_PRESSURE,
	CONDITION_CAPABILITY,
	CONDITION_CONTROL_GROUP_CONTROLLER,
	CONDITION_DIRECTORY_NOT_EMPTY,
	CONDITION_ENVIRONMENT,
	CONDITION_FILE_IS_EXECUTABLE,
	CONDITION_FILE_NOT_EMPTY,
	CONDITION_FIRST_BOOT,
	CONDITION_GROUP,
	CONDITION_HOST,
	CONDITION_IO_PRESSURE,
	CONDITION_KERNEL_COMMAND_LINE,
	CONDITION_KERNEL_MODULE_LOADED,
	CONDITION_KERNEL_VERSION,
	CONDITION_MEMORY,
	CONDITION_MEMORY_PRESSURE,
	CONDITION_NEEDS_UPDATE,
	CONDITION_OS_RELEASE,
	CONDITION_PATH_EXISTS,
	CONDITION_PATH_EXISTS_GLOB,
	CONDITION_PATH_IS_DIRECTORY,
	CONDITION_PATH_IS_MOUNT_POINT,
	CONDITION_PATH_IS_READ_WRITE,
	CONDITION_PATH_IS_SOCKET,
	CONDITION_PATH_IS_SYMBOLIC_LINK,
	CONDITION_SECURITY,
	CONDITION_USER,
	CONDITION_VERSION,
	CONDITION_VIRTUALIZATION,
	CONDITION_KINDS
};

#define ALTERNATIVES_MOST 16            /* | in front of one */

struct condition {
	enum condition_kind kind;
	bool is_assert;
	unsigned alternative;           /* how many | : of those with as many one suffices; 0: none */
	bool is_negated;                /* ! */
	const char *parameter;          /* into the text */
};

/* Takes a text apart. NULL, or why it is no condition, as the end of a sentence. */
const char *condition_read(const char *text, struct condition *condition);

/* How a number, size or version is to compare: "<=4" is COMPARE_LESS | COMPARE_EQUAL, and *behind is "4". Of versions a lone
 * = compares texts, and $= matches a pattern. 0: there is no sign of comparison in front. */
enum {
	COMPARE_LESS = 1 << 0,
	COMPARE_EQUAL = 1 << 1,
	COMPARE_GREATER = 1 << 2,
	COMPARE_TEXT = 1 << 3,
	COMPARE_PATTERN = 1 << 4,
};
unsigned condition_comparison(const char *text, const char **behind);

/* Whether a number compares with another in such a way: order is below, at or above 0. */
bool condition_compares(unsigned comparison, int order);

#define CONDITION_WORD 256              /* bytes of a word of a parameter, with its NUL */

/* A word of a parameter that is a list: of ConditionVersion, or of ConditionOSRelease. */
struct condition_word {
	char text[CONDITION_WORD];
	size_t key;                     /* bytes in front of the sign; 0 of versions */
	unsigned comparison;
	const char *wanted;             /* behind the sign, into text */
};

/* Take the next one, quotes and backslashes undone, and move *at behind it. 1; 0: none is left; -1: it can't be read. The
 * first version alone may stand apart from its sign: is_first is true for that one. */
int condition_next_version(const char **at, bool is_first, struct condition_word *word);
int condition_next_release(const char **at, struct condition_word *word);

#define CONDITION_SYSTEMD "262"         /* the systemd whose units superd reads, for ConditionVersion=systemd */

/* Whose version a ConditionVersion asks for; the list of versions begins at *list. */
enum condition_software { SOFTWARE_KERNEL, SOFTWARE_SYSTEMD, SOFTWARE_GLIBC };
enum condition_software condition_software(const char *text, const char **list);

/* "12.34" as 1234; what is behind the second digit of the fraction is cut off. Moves *at behind the number. */
int64_t condition_read_hundredths(const char **at);

/* Over which time a pressure is measured. */
enum condition_span { SPAN_10_S, SPAN_1_MIN, SPAN_5_MIN };

/* A share as "20%" and a span as "1min" behind a slash; hundredths of a percent. NULL, or what is wrong. */
const char *condition_read_pressure(const char *text, int64_t *most, enum condition_span *span);
