/* Writes JSON (RFC 8259) field by field; commas are added as needed. Names are plain words and not escaped. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/buf.h"

/* Adds a string with its quotes. Bytes that are no UTF-8 become U+FFFD; characters that buf_visible escapes become
 * \uHHHH. */
void json_quote(struct buf *out, const char *text, size_t length);

/* Adds a string of at most `most` bytes, quotes included; a longer text ends in an ellipsis. most: at least 8. */
void json_quote_within(struct buf *out, const char *text, size_t length, size_t most);

void json_text(struct buf *out, const char *text);      /* NULL: null */

void json_object_open(struct buf *out);         /* also for an element of a list */
void json_object_close(struct buf *out);

void json_field_name(struct buf *out, const char *name);        /* the caller adds the value */
void json_text_field(struct buf *out, const char *name, const char *text);      /* NULL: null */
void json_count_field(struct buf *out, const char *name, uint64_t number);
void json_whole_field(struct buf *out, const char *name, int64_t number);       /* negative: null */
void json_seconds_field(struct buf *out, const char *name, double seconds);     /* with six decimals */
void json_flag_field(struct buf *out, const char *name, bool flag);
void json_null_field(struct buf *out, const char *name);

/* Opens a list or an object as a field. */
void json_list_field(struct buf *out, const char *name);
void json_list_close(struct buf *out);
void json_object_field(struct buf *out, const char *name);

void json_element_text(struct buf *out, const char *text);

/* A name or an element in the form of --print=json, with a blank behind commas and colons. The caller adds the
 * value. */
void json_wide_name(struct buf *out, const char *name);
void json_wide_element(struct buf *out);
