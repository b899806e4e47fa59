/* The groups of system calls that system_call_filter knows by a name with an @ in front. Source: systemd.exec(5). */
#pragma once

#include <stddef.h>

struct syscall_group {
	const char *name;               /* with its @ */
	const char *calls;              /* with blanks between; groups among them, too */
};

/* Every call there is, which is no list. */
#define CALL_GROUP_ALL "@known"

extern const struct syscall_group syscall_groups[];
extern const size_t syscall_group_count;

/* NULL: unknown. */
const struct syscall_group *syscall_group_find(const char *name);

/* The names of all groups, NULL-terminated. */
extern const char *const syscall_group_names[];
