/* Tables of superd.conf from any bytes: no crash, no leak, every error at a place of the file; and a table without
 * an error prints as superd.conf that reads back without one and prints the same again.
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
#include "read/reader.h"

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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct diags diags = { 0 };

	enter_empty_folder();
	struct table *table = read_text("fuzz.conf", (const char *)data, size, &diags);

	require(table || diags.errors);
	for (size_t i = 0; i < diags.count; i++)
		require(diags.list[i].message && diags.list[i].message[0]);
	if (table && diags.errors == 0)
		check_round_trip(table);
	table_free(table);
	diags_free(&diags);
	return 0;
}
