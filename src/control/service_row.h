/* The row of a service as JSON, with the places its options come from. */
#pragma once

#include "base/buf.h"
#include "config/service/service.h"

/* What rows are compared with: every option at its default. NULL: out of memory. */
struct service_row_writer;
struct service_row_writer *service_row_writer_new(void);
void service_row_writer_free(struct service_row_writer *writer); /* accepts NULL */

/* hides: who asks may look at superd, and not at secrets. */
void service_row_write(struct service_row_writer *writer, const struct service *row, bool hides, struct buf *out);
