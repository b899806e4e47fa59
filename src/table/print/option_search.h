/* Which options stand in a list: those that people need first, and those that only say what a unit says. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "table/type/directive.h"

extern const char *const first_options[];       /* NULL-terminated, in the order of the crib sheet (contrib/doc/crib.md) */

/* Whether the option is there to say what a systemd unit says: nobody writes it into a superd.conf by hand. */
bool option_is_for_units(const struct directive *directive);

/* How many of these blank-separated words the option has: anywhere in its name; in its text, its section's title and its names
 * elsewhere at the beginning of a word; capitals do not matter. *count: of how many there are. */
size_t option_count_words(const struct directive *directive, const char *query, size_t *count);

/* Whether the option's name has one of the words. */
bool option_is_named(const struct directive *directive, const char *query);
