/* Shared by exec/stages/condition*.c. */
#pragma once

#include <stdbool.h>

/* Calls `take` for each entry of an open folder, except . and .., until it returns true. 1: it did; 0: it never did; -1
 * and errno: the folder cannot be read completely. */
int condition_any_entry(int folder, bool (*take)(void *context, int folder, const char *name), void *context);

bool condition_path_exists(const char *path);

/* The first line of a file, in text; "": it is empty or cannot be read. */
const char *condition_first_line(const char *path, char *text, unsigned size);

bool condition_user_holds(const char *text);
bool condition_virtualization_holds(const char *text);
