/* Whether a start's conditions hold, as this machine is now. For the child of a start apart: a path may lie on a file
 * system that hangs. It asks the kernel and files alone, and takes no memory and no lock. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "config/type/condition.h"

/* The index of a condition that keeps the service from starting; -1: none does. */
int conditions_find_false(const struct condition *list, size_t count);

/* For exec/child/condition*.c: whether the condition holds, before any negation. */
bool condition_path_holds(enum condition_kind kind, const char *path);
bool condition_machine_holds(enum condition_kind kind, const char *text);

/* Reads a small file, cut to what fits, with a NUL behind it. false: it cannot be read. */
bool condition_read_file(const char *path, char *text, size_t size);
