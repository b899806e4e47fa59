/* Writes the row of a service as JSON: its options, and the places where they were set. */
#pragma once

#include "base/buf.h"
#include "config/service/service.h"

/* Holds the defaults that rows are compared with. NULL: out of memory. */
struct service_row_writer;
struct service_row_writer *service_row_writer_new(void);
void service_row_writer_free(struct service_row_writer *writer); /* accepts NULL */

/* hides: secrets are left out, for a client that may only read. */
void service_row_write(struct service_row_writer *writer, const struct service *row, bool hides, struct buf *out);
