/* Which options stand in a list: those that people need first, and those that only say what a unit says. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "table/type/option_def.h"

extern const char *const first_options[];       /* NULL-terminated, in the order of the crib sheet (contrib/doc/tutorial.md) */

/* Whether the option is there to say what a systemd unit says: nobody writes it into a superd.conf by hand. */
bool option_is_for_units(const struct option_def *option);

/* Whether the option has all of these blank-separated words: anywhere in its name, or, unless it is to have them there, in
 * its text, its section's title and its names elsewhere at the beginning of a word; capitals do not matter. */
bool option_has_words(const struct option_def *option, const char *query, bool in_name);
