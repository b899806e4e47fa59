/* From sources to a table: picks the reader of each source's language, reads all of them, lays the defaults under every
 * service and checks the whole. A reader of another language is one more row of formats[] in format.c. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/diag.h"
#include "config/table/table.h"
#include "parse/reading.h"

/* Whether the sources were fit to run is in diags: the table holds what could be made of them, for --keep-going. NULL:
 * out of memory. */
struct table *read_table(const struct read_request *request, struct diags *diags);

/* Reads a text in memory, in the language of superd.conf; for -l, tests and fuzzers. NULL: out of memory. */
struct table *read_text(const char *file, const char *text, size_t length, struct diags *diags);

/* The `import` of every reading. */
bool reading_source(struct reading *reading, const char *source, bool optional, struct origin from);

/* Seals every builder into reading->table, frees them and runs table_check. */
void reading_finish(struct reading *reading);
