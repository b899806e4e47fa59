/* The groups of system calls for system_call_filter, with names that begin with @. Source: systemd.exec(5),
 * SystemCallFilter=. */
#pragma once

#include <stddef.h>

struct syscall_group {
	const char *name;               /* with its @ */
	const char *calls;              /* calls and groups, separated by blanks */
};

/* The group of all calls, which is not in the list. */
#define CALL_GROUP_ALL "@known"

extern const struct syscall_group syscall_groups[];
extern const size_t syscall_group_count;

/* Finds a group by its name. NULL: unknown. */
const struct syscall_group *syscall_group_find(const char *name);

/* The names of all groups, NULL-terminated. */
extern const char *const syscall_group_names[];
