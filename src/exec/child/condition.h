/* Whether a start's conditions hold, as this machine is now. For the child of a start apart: a path may lie on a file
 * system that hangs. It asks the kernel and files alone, and takes no memory and no lock. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "config/type/condition.h"

/* The place in the list of one that keeps the service from starting; -1: none does. */
int conditions_find_false(const struct condition *list, size_t count);

/* For exec/child/condition*.c: whether what it looks for is so, before any negation. */
bool condition_path_holds(enum condition_kind kind, const char *path);
bool condition_machine_holds(enum condition_kind kind, const char *text);

/* For them, too: reads a small file, cut to what fits, with a NUL behind it. false: it can't be read. */
bool condition_read_file(const char *path, char *text, size_t size);

/* fnmatch(3) without memory or locale: *, ? and [ ]; a / is matched by itself alone where path says so. */
bool condition_matches(const char *pattern, const char *text);
