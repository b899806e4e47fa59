/* The environment of a program. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/* Variables by name, the later winning; the strings are owned. A zeroed struct is empty. */
struct variables {
	char **list;
	size_t count, capacity;
	bool failed;                    /* memory ran out */
};

void variables_set(struct variables *variables, const char *assignment);        /* NAME=value, copied */
void variables_setf(struct variables *variables, const char *format, ...) __attribute__((format(printf, 2, 3)));
void variables_unset(struct variables *variables, const char *name);    /* NAME, or NAME=value for that value alone */
void variables_free(struct variables *variables);

/* Reads an environment_file, or all that its pattern names, as systemd.exec(5) has it: comments, quotes, continuation.
 * false with the reason in why. A line that is no assignment is passed over, as there, and named in over (may be NULL)
 * by a sentence a line; its text isn't told, as such files hold secrets. */
bool variables_read_file(struct variables *variables, const char *path, struct buf *over, struct buf *why);
