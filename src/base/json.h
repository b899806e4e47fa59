/* Writes JSON, RFC 8259. Objects and lists are put together field by field: commas come by themselves. Names are plain
 * words. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

/* A string, quotes included; bytes that are no UTF-8 become U+FFFD, and what buf_visible would hide is escaped. */
void json_string(struct buf *out, const char *text, size_t length);

/* The same in at most `most` bytes, at least 8: what is longer ends in an ellipsis. */
void json_string_within(struct buf *out, const char *text, size_t length, size_t most);

void json_text(struct buf *out, const char *text);      /* NULL: null */

void object_open(struct buf *out);              /* also as an element of a list */
void object_close(struct buf *out);

void field_name(struct buf *out, const char *name);      /* its value follows */
void field_text(struct buf *out, const char *name, const char *text);           /* NULL: null */
void field_bounded(struct buf *out, const char *name, const char *text, size_t most);   /* in at most so many bytes */
void field_count(struct buf *out, const char *name, uint64_t number);
void field_whole(struct buf *out, const char *name, int64_t number);            /* below 0: null */
void field_seconds(struct buf *out, const char *name, double seconds);          /* to the microsecond */
void field_flag(struct buf *out, const char *name, bool flag);
void field_null(struct buf *out, const char *name);

/* A list, or an object inside: what stands in it follows. */
void field_list(struct buf *out, const char *name);
void list_close(struct buf *out);
void field_object(struct buf *out, const char *name);

void element_text(struct buf *out, const char *text);

/* As --print=json has it, with a blank behind commas and colons: the value follows. */
void wide_name(struct buf *out, const char *name);
void wide_element(struct buf *out);
