/* Writes JSON, RFC 8259. Objects and lists are put together field by field: commas come by themselves. Names are plain
 * words. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

/* A string, quotes included; bytes that are no UTF-8 become U+FFFD, and what buf_visible would hide is escaped. */
void json_quote(struct buf *out, const char *text, size_t length);

/* The same in at most `most` bytes, at least 8: what is longer ends in an ellipsis. */
void json_quote_within(struct buf *out, const char *text, size_t length, size_t most);

void json_text(struct buf *out, const char *text);      /* NULL: null */

void json_object_open(struct buf *out);         /* also as an element of a list */
void json_object_close(struct buf *out);

void field_name(struct buf *out, const char *name);      /* its value follows */
void json_text_field(struct buf *out, const char *name, const char *text);      /* NULL: null */
void json_bounded_field(struct buf *out, const char *name, const char *text, size_t most); /* in at most so many bytes */
void json_count_field(struct buf *out, const char *name, uint64_t number);
void json_whole_field(struct buf *out, const char *name, int64_t number);       /* below 0: null */
void json_seconds_field(struct buf *out, const char *name, double seconds);     /* to the microsecond */
void json_flag_field(struct buf *out, const char *name, bool flag);
void json_null_field(struct buf *out, const char *name);

/* A list, or an object inside: what stands in it follows. */
void json_list_field(struct buf *out, const char *name);
void json_list_close(struct buf *out);
void json_object_field(struct buf *out, const char *name);

void json_element_text(struct buf *out, const char *text);

/* As --print=json has it, with a blank behind commas and colons: the value follows. */
void wide_name(struct buf *out, const char *name);
void wide_element(struct buf *out);
