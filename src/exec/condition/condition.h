/* Whether conditions hold now (systemd.unit(5), "Conditions and Asserts"). A path may be on a file system that hangs, so
 * superd-exec asks, or another process of superd's. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "table/type/condition.h"

/* The index of a condition that prevents the start; -1: none. */
int conditions_find_false(const struct condition *list, size_t count);

/* Whether a condition of this kind holds, before negation. */
bool condition_kind_holds(enum condition_kind kind, const char *text);

/* Calls `take` for each entry of an open folder, except . and .., until it returns true. 1: it did; 0: it never did; -1
 * and errno: the folder cannot be read completely. */
int condition_any_entry(int folder, bool (*take)(void *context, int folder, const char *name), void *context);
