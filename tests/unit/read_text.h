/* Reads a text of superd.conf in memory, as read_table reads files. */
#pragma once

#include "read/client/client.h"
#include "tests/unit/source_text.h"

/* NULL: out of memory. */
static inline struct table *read_text(const char *file, const char *text, size_t length, struct diags *diags)
{
	struct reading reading = { .table = table_new(), .diags = diags };
	struct source_file source;

	if (!reading.table)
		return NULL;
	if (source_from_text(&source, file, text, length, reading.table->pool, diags)) {
		superd_read_source(&reading, &source);
		source_free(&source);
	}
	reading_finish(&reading);
	return reading.table;
}
