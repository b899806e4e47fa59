/* Examples of options, for --explain and superd.conf(5). */
#pragma once

#include "config/type/directive.h"

/* An example value of an option, as in superd.conf; for `socket`, its name and block. NULL: the option needs none. */
const char *example_of(const char *option);

/* The same, for an option whose values have a grammar of their own, such as a duration or a list with colons: its entry
 * in the manual has the example. NULL for the others. */
const char *example_in_manual(const struct directive *directive);

const char *example_of_chapter(enum chapter chapter);  /* a table of superd.conf */
