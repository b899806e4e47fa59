/* Writes the row of a service as JSON: its options, the places where they were set, and the row as superd.conf. */
#pragma once

#include "lib/buf.h"
#include "table/services/left_out.h"
#include "table/services/table.h"

/* Holds the defaults of a table, which rows are compared with. hides: secrets are left out, for a client that may only
 * read. NULL: out of memory. */
struct service_row_writer;
struct service_row_writer *service_row_writer_new(bool hides);
void service_row_writer_free(struct service_row_writer *writer); /* accepts NULL */

/* Derives the defaults anew if the table was loaded at another time than the last one: it takes long where there are
 * many services. Call it in each turn of the loop, as a reload frees the table. false: out of memory. */
bool service_row_writer_follow(struct service_row_writer *writer, const struct table *table, double loaded);

/* left_out: its entry, if that has errors and nothing runs by an earlier one, or NULL; superd could not read it back,
 * so its text is a comment. */
void service_row_write(const struct service_row_writer *writer, const struct service *row,
		       const struct left_out *left_out, struct buf *out);
