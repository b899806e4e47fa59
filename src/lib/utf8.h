/* Characters of UTF-8, and whether a terminal shows or obeys them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Returns the length in bytes of the character at the start of text; 0: it is not valid UTF-8. left: the bytes of text,
 * at least 1. */
size_t utf8_length(const unsigned char *text, size_t left);

/* Whether a character of `length` bytes (utf8_length) is visible: no C0 or C1 control except the tab, no line or
 * paragraph separator, no change of direction (U+202A to U+202E, U+2066 to U+2069). */
bool utf8_is_visible(const unsigned char *at, size_t length);
