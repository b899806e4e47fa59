/* Whether conditions hold now (systemd.unit(5), "Conditions and Asserts"). A path may be on a file system that
 * hangs. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "table/type/condition.h"

/* The index of a condition that prevents the start; -1: none. */
int conditions_find_false(const struct condition *list, size_t count);

/* For exec/stages/condition*.c: whether the condition holds, before negation. */
bool condition_path_holds(enum condition_kind kind, const char *path);
bool condition_machine_holds(enum condition_kind kind, const char *text);

/* Reads the start of a file, as much as fits, and adds a NUL. false: it cannot be read. */
bool condition_read_file(const char *path, char *text, size_t size);
