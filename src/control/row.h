/* The row of a service as JSON, with the places its options come from. */
#pragma once

#include "base/buf.h"
#include "config/option/service.h"

/* What rows are compared with: every option at its default. NULL: out of memory. */
struct row_writer;
struct row_writer *row_writer_new(void);
void row_writer_free(struct row_writer *writer);                /* accepts NULL */

/* hides: who asks may look at superd, and not at secrets. */
void row_write(struct row_writer *writer, const struct service *row, bool hides, struct buf *out);
