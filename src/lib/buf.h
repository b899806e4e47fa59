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
void buf_utf8(struct buf *buf, uint32_t code);          /* code: a Unicode scalar value */
void buf_addf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buf_vaddf(struct buf *buf, const char *format, va_list arguments) __attribute__((format(printf, 2, 0)));

/* Adds text for a terminal or a log. Control characters except the tab, characters that reverse the direction of text,
 * and bytes that are no UTF-8 become \xHH. Escaping a text twice changes nothing more. */
void buf_visible(struct buf *buf, const char *text, size_t length);

/* Adds text as buf_visible does, but reversibly: a \xHH that the text itself contains gets its backslashes doubled.
 * Other backslashes stay. For text that was not escaped before. */
void buf_visible_once(struct buf *buf, const char *text, size_t length);

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
