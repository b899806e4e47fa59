/* From a fuzzer's text through a reader to a table, out as superd.conf and back.
 *
 * The hard thing is includes: a fuzzer finds "all below /" sooner or later, and a finding must come again from its
 * bytes alone. So any file counts as one too many. */
#include "round_trip.h"

#include <stdio.h>
#include <string.h>

#include "base/diag.h"
#include "base/source_file.h"
#include "cli/print/print_conf.h"
#include "config/table/table.h"
#include "fuzzer.h"

/* The table as superd.conf; free() it. */
static char *print(const struct table *table)
{
	char *text = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&text, &length);

	require(out && print_conf(table, false, out) && fclose(out) == 0);
	return text;
}

static void read_back(const struct table *table)
{
	struct diags diags = { 0 };
	char *first = print(table), *second;
	struct table *again = read_text("printed.conf", first, strlen(first), &diags);

	if (diags.errors) {
		fputs(first, stderr);
		diags_print(&diags, stderr);
	}
	require(again && diags.errors == 0);
	second = print(again);
	require(strcmp(first, second) == 0);

	free(second);
	free(first);
	table_free(again);
	diags_free(&diags);
}

void round_trip_table(const struct table *table, const struct diags *diags)
{
	for (size_t i = 0; i < diags->count; i++)
		require(diags->list[i].message && diags->list[i].message[0] && diags->list[i].file);
	require(!table->left_out_count || diags->errors);
	if (diags->errors == 0)
		read_back(table);
}

void round_trip_text(const struct round_trip *way, const char *text, size_t size)
{
	struct diags diags = { 0 };
	struct reading reading = {
		.table = table_new(), .diags = &diags, .compat = way->compat, .files = READING_FILES,
		.import = reading_source,
	};
	struct source_file source;

	require(reading.table);
	if (source_from_text(&source, "fuzz.conf", text, size, reading.table->pool, &diags)) {
		way->reader->recognises(&source);
		require(way->read(&reading, &source));
		source_free(&source);
		if (way->reader->end_source)
			way->reader->end_source(&reading);
	}
	reading_finish(&reading);
	round_trip_table(reading.table, &diags);
	table_free(reading.table);
	diags_free(&diags);
}
