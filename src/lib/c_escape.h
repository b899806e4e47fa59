/* Escapes as in C, of values in units and of credentials. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "lib/buf.h"

/* Adds what the escape behind a backslash means: \n, \\, \x41, \101, \u20ac, \U0001f600 and the like; \s is a blank.
 * Returns its length; 0: it is none. is_text: nor one that means the byte 0. */
size_t c_escape_read(const char *text, bool is_text, struct buf *out);
