/* Tables of inetd.conf from any bytes, in the dialect the first byte chooses: no crash, no leak, every error at a
 * place of the file; and a table without an error prints as superd.conf that reads back without one and prints the
 * same again.
 *
 * A text may include files. The fuzzer runs in an empty folder, so that only absolute paths lead anywhere, and
 * those are read by the very code that is tested. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/diag.h"
#include "cmd/print.h"
#include "model/table.h"
#include "read/inetd.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool claim)
{
	if (!claim)
		abort();
}

static void enter_empty_folder(void)
{
	static bool entered;
	char path[] = "/tmp/superd-fuzz.XXXXXX";

	if (entered)
		return;
	require(mkdtemp(path) && chdir(path) == 0 && rmdir(path) == 0);
	entered = true;
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
	char *first = print(table);
	struct table *again = read_text("printed.conf", first, strlen(first), &diags);

	if (diags.errors) {
		fputs(first, stderr);
		diags_print(&diags, stderr);
	}
	require(again && diags.errors == 0);
	char *second = print(again);

	require(strcmp(first, second) == 0);
	free(second);
	free(first);
	table_free(again);
	diags_free(&diags);
}

static void read_as(enum compat compat, const char *text, size_t size)
{
	struct diags diags = { 0 };
	struct reading reading = { .table = table_new(), .diags = &diags, .compat = compat };
	struct source source;

	require(reading.table);
	if (source_from_text(&source, "fuzz.conf", text, size, reading.table->pool, &diags)) {
		inetd_recognises(&source);
		require(inetd_read_source(&reading, &source));
		source_free(&source);
	}
	reading_finish(&reading);
	for (size_t i = 0; i < diags.count; i++)
		require(diags.list[i].message && diags.list[i].message[0] && diags.list[i].file);
	if (diags.errors == 0)
		check_round_trip(reading.table);
	table_free(reading.table);
	diags_free(&diags);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enter_empty_folder();
	if (size)
		read_as((enum compat)(data[0] % COMPATS), (const char *)data + 1, size - 1);
	return 0;
}
