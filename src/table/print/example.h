/* Examples of options, for --explain and superd.conf(5). */
#pragma once

/* An example value of an option, as in superd.conf; for `socket`, its name and block. NULL: the option needs none. */
const char *example_of(const char *option);
