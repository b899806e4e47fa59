/* The environment of a program (environ(7)). */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "lib/buf.h"

struct account;

/* Variables by name; a later one replaces an earlier one. The strings are owned; variables_free frees them. A zeroed
 * struct is empty. */
struct variables {
	char **list;
	size_t count, capacity;
	bool failed;                    /* out of memory: a variable is missing */
};

void variables_set(struct variables *variables, const char *assignment);        /* NAME=value, copied */
void variables_setf(struct variables *variables, const char *format, ...) __attribute__((format(printf, 2, 3)));
void variables_unset(struct variables *variables, const char *name);    /* NAME, or NAME=value to remove that value only */
void variables_free(struct variables *variables);

/* Reads an environment_file, or all files that match its pattern, within a second or so, as systemd.exec(5) describes:
 * comments, quotes, continued lines. account: the service's (foreign_read_file). false with the reason in why. As in
 * systemd, a line that is no assignment is ignored; ignored (may be NULL) gets a sentence with its number, but not its
 * text, as such files hold secrets. */
bool variables_read_file(struct variables *variables, const char *path, const struct account *account,
			 struct buf *ignored, struct buf *why);
