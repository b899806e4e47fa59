/* Characters of UTF-8, and what a terminal does with them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* The length in bytes of the character at the start of text; 0: it is not valid UTF-8. */
size_t utf8_length(const unsigned char *text, size_t left);

/* Whether a terminal shows this character, of utf8_length, rather than obey it: no C0 and C1 controls but the tab, no line
 * or paragraph separator, nothing that turns the direction of what follows (U+202A to U+202E, U+2066 to U+2069). */
bool utf8_is_visible(const unsigned char *at, size_t length);
