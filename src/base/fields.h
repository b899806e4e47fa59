/* Objects of JSON, put together field by field: commas come by themselves. Names are plain words. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

void object_open(struct buf *out);              /* also as an element of a list */
void object_close(struct buf *out);

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
