/* Growable text. A failed allocation sets `failed` and turns every later call into a no-op, so the caller checks once,
 * at buf_take. A zeroed struct is an empty buffer; the owner calls buf_free. */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf {
	char *data;                     /* owned, NUL-terminated; NULL: nothing was added yet */
	size_t length, capacity;        /* bytes; length leaves out the NUL */
	bool failed;                    /* memory ran out; buf_clear resets it */
};

void buf_add(struct buf *buf, const void *bytes, size_t length);
void buf_text(struct buf *buf, const char *text);
void buf_char(struct buf *buf, char c);
void buf_number(struct buf *buf, uint64_t number);      /* decimal; many times faster than buf_addf */
void buf_addf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buf_vaddf(struct buf *buf, const char *format, va_list arguments) __attribute__((format(printf, 2, 0)));

/* Adds text for a terminal or a log. Control characters except the tab, characters that reverse the direction of text,
 * and bytes that are no UTF-8 become \xHH. Escaping a text twice changes nothing more. */
void buf_visible(struct buf *buf, const char *text, size_t length);

/* Shortens the text to at most `length` bytes, never inside a UTF-8 character. true: the text was longer. */
bool buf_cut(struct buf *buf, size_t length);

/* The text so far, "" if empty; borrowed until the next call. */
const char *buf_string(const struct buf *buf);

/* Returns the text, which the caller frees, and empties the buffer. NULL: out of memory. */
char *buf_take(struct buf *buf);

/* Returns the text, kept in the pool, and empties the buffer. NULL: out of memory. */
struct pool;
const char *buf_keep(struct buf *buf, struct pool *pool);

void buf_clear(struct buf *buf);        /* empties the buffer, resets `failed`, keeps the memory */
void buf_free(struct buf *buf);

/* Characters of UTF-8, and whether a terminal shows or obeys them. */

/* Returns the length in bytes of the character at the start of text; 0: it is not valid UTF-8. left: the bytes of text,
 * at least 1. */
size_t utf8_length(const unsigned char *text, size_t left);

/* Whether a character of `length` bytes (utf8_length) is visible: no C0 or C1 control except the tab, no line or
 * paragraph separator, no change of direction (U+202A to U+202E, U+2066 to U+2069). */
bool utf8_is_visible(const unsigned char *at, size_t length);

/* Escapes as in C, of values in units and of credentials. */

/* Adds what the escape behind a backslash means: \n, \\, \x41, \101, \u20ac, \U0001f600 and the like; \s is a blank.
 * Returns its length; 0: it is none. is_text: nor one that means the byte 0. */
size_t c_escape_read(const char *text, bool is_text, struct buf *out);
