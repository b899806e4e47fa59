/* Growable text. A failed allocation sets `failed` and turns every later call into a no-op, so a
 * caller composes freely and checks once, at buf_take. A zeroed struct is an empty buffer. */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf {
	char *data;                     /* always NUL-terminated once anything was added */
	size_t length, capacity;
	bool failed;
};

void buf_add(struct buf *buf, const void *bytes, size_t length);
void buf_text(struct buf *buf, const char *text);
void buf_char(struct buf *buf, char c);
void buf_utf8(struct buf *buf, uint32_t code);          /* a character of Unicode */
void buf_addf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buf_vaddf(struct buf *buf, const char *format, va_list arguments) __attribute__((format(printf, 2, 0)));

/* Adds text for a terminal or a log: control characters but the tab, what reverses the direction of text and bytes
 * that are no UTF-8 become \xHH. What is visible stays, so doing it twice changes nothing. */
void buf_visible(struct buf *buf, const char *text, size_t length);

/* The same of a text that nobody has made visible yet, so that it can be told what was: of a \xHH that is so in the text
 * the backslashes are doubled. Other backslashes stay. */
void buf_visible_once(struct buf *buf, const char *text, size_t length);

/* Shortens the text to at most `length` bytes without tearing a character of UTF-8; true when something went. */
bool buf_cut(struct buf *buf, size_t length);

/* The text so far, "" when there is none; borrowed until the next call. */
const char *buf_string(const struct buf *buf);

/* Hands the text over (free() it) and empties the buffer; NULL when memory ran out. */
char *buf_take(struct buf *buf);

void buf_clear(struct buf *buf);        /* empties it, forgets a failure, keeps the memory */
void buf_free(struct buf *buf);
