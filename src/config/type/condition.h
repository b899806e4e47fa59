/* Conditions of a start (option `condition`): texts such as ConditionPathExists=!/etc/nologin, of the kinds in
 * systemd.unit(5). All conditions without a | must hold, and at least one of those with the same number of |. If an
 * assertion does not hold, the start fails; if a condition does not hold, superd skips it. exec/child/condition.c
 * checks the machine. */
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

#define ALTERNATIVES_MOST 16            /* most | in front of a condition */

struct condition {
	enum condition_kind kind;
	bool is_assert;
	unsigned alternative;           /* number of |; one of the conditions with the same number suffices; 0: none */
	bool is_negated;                /* with ! in front */
	const char *parameter;          /* the rest of the text, borrowed */
};

/* Parses a condition. Returns NULL, or the mistake, as the end of a sentence. */
const char *condition_read(const char *text, struct condition *condition);

/* The comparison in front of a number, size or version: "<=4" is COMPARE_LESS | COMPARE_EQUAL, and *behind is "4". In
 * versions, = compares texts, and $= matches a pattern. 0: no comparison. */
enum {
	COMPARE_LESS = 1 << 0,
	COMPARE_EQUAL = 1 << 1,
	COMPARE_GREATER = 1 << 2,
	COMPARE_TEXT = 1 << 3,
	COMPARE_PATTERN = 1 << 4,
};
unsigned condition_comparison(const char *text, const char **behind);

/* Whether the comparison accepts this order of two numbers: negative, 0 or positive, as strcmp(3) returns. */
bool condition_compares(unsigned comparison, int order);

#define CONDITION_WORD 256              /* bytes of a word of a list, with its NUL */

/* A word of a list: of ConditionVersion, or of ConditionOSRelease. */
struct condition_word {
	char text[CONDITION_WORD];
	size_t key;                     /* bytes in front of the sign; 0 for versions */
	unsigned comparison;
	const char *wanted;             /* the text behind the sign, in `text` */
};

/* Read the next word without quotes and backslashes, and move *at behind it. Return 1; 0: there is none; -1: it is
 * invalid. is_first: for the first version, which may have a blank behind its sign. */
int condition_next_version(const char **at, bool is_first, struct condition_word *word);
int condition_next_release(const char **at, struct condition_word *word);

#define CONDITION_SYSTEMD "262"         /* the systemd version whose units superd reads, for ConditionVersion=systemd */

/* The software that a ConditionVersion names; sets *list to the list of versions. */
enum condition_software { SOFTWARE_KERNEL, SOFTWARE_SYSTEMD, SOFTWARE_GLIBC };
enum condition_software condition_software(const char *text, const char **list);

/* Reads "12.34" as 1234, ignoring further digits, and moves *at behind the number. */
int64_t condition_read_hundredths(const char **at);

/* The time over which the kernel averages the pressure (PSI): Documentation/accounting/psi.rst. */
enum condition_span { SPAN_10_S, SPAN_1_MIN, SPAN_5_MIN };

/* Reads "20%/1min": *most in hundredths of a percent. Returns NULL, or the mistake. */
const char *condition_read_pressure(const char *text, int64_t *most, enum condition_span *span);
