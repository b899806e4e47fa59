/* The groups of system calls for system_call_filter, with names that begin with @. Source: systemd.exec(5),
 * SystemCallFilter=. */
#pragma once

#include <stdbool.h>
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

/* Whether a list of system_call_filter, whose words each have their sign (table/type/type_sandbox), denies this call.
 * The last word that names the call, or a group that contains it, decides. An empty list (NULL) denies nothing. */
bool syscall_list_denies(const char *const *list, const char *call);

/* The names of all groups, NULL-terminated. */
extern const char *const syscall_group_names[];
