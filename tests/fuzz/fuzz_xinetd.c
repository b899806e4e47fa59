/* Tables of xinetd.conf from any bytes: no crash, no leak, every error at a place of the file; and a table without an
 * error prints as superd.conf that reads back without one and prints the same again.
 *
 * An include counts as one file too many: a fuzzer finds `includedir /` sooner or later. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/diag.h"
#include "cmd/print.h"
#include "model/table.h"
#include "read/reader.h"
#include "read/xinetd.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool claim)
{
	if (!claim)
		abort();
}

/* The table as superd.conf; free() it. */
static char *print(const struct table *table)
{
	char *text = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&text, &length);

	require(out && print_table(table, false, out) && fclose(out) == 0);
	return text;
}

static void check_round_trip(const struct table *table)
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

/* Both meanings: that of superd for texts of an even length, xinetd's own for the others. */
static void read_fuzz(struct reading *reading, const char *text, size_t size)
{
	struct source source;

	reading->compat = size % 2 ? COMPAT_XINETD : COMPAT_NONE;
	reading->files = READING_FILES;
	if (!source_from_text(&source, "fuzz.conf", text, size, reading->table->pool, reading->diags))
		return;
	reader_xinetd.recognises(&source);
	require(xinetd_read_source(reading, &source));
	source_free(&source);
	xinetd_end_source(reading);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct diags diags = { 0 };
	struct reading reading = { .table = table_new(), .diags = &diags };

	require(reading.table);
	read_fuzz(&reading, (const char *)data, size);
	reading_finish(&reading);
	for (size_t i = 0; i < diags.count; i++)
		require(diags.list[i].message && diags.list[i].message[0]);
	require(reading.table->count || diags.count || !reading.table->left_out_count);
	if (diags.errors == 0)
		check_round_trip(reading.table);
	table_free(reading.table);
	diags_free(&diags);
	return 0;
}
