/* Whether conditions hold now (systemd.unit(5), "Conditions and Asserts"). A path may be on a file system that hangs, so
 * superd-exec asks, or another process of superd's. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "table/option/condition.h"

/* The index of a condition that prevents the start; -1: none. */
int conditions_find_false(const struct condition *list, size_t count);

/* Whether a condition of this kind holds, before negation. */
bool condition_kind_holds(enum condition_kind kind, const char *text);
