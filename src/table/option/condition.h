/* Conditions of a start (option `condition`): texts such as ConditionPathExists=!/etc/nologin, of the kinds in
 * systemd.unit(5). All conditions without a | must hold, and at least one of those with the same number of |. If an
 * assertion does not hold, the start fails; if a condition does not hold, superd skips it. superd-exec checks
 * them (exec/condition.c). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum condition_kind {
	CONDITION_CAPABILITY,
	CONDITION_DIRECTORY_NOT_EMPTY,
	CONDITION_ENVIRONMENT,
	CONDITION_FILE_IS_EXECUTABLE,
	CONDITION_FILE_NOT_EMPTY,
	CONDITION_KERNEL_COMMAND_LINE,
	CONDITION_PATH_EXISTS,
	CONDITION_PATH_EXISTS_GLOB,
	CONDITION_PATH_IS_DIRECTORY,
	CONDITION_PATH_IS_MOUNT_POINT,
	CONDITION_PATH_IS_READ_WRITE,
	CONDITION_PATH_IS_SOCKET,
	CONDITION_PATH_IS_SYMBOLIC_LINK,
	CONDITION_USER,
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
