/* Texts of xinetd.conf read for tests: what was said of them, and the superd.conf they come to. */
#pragma once

#include "read/xinetd/xinetd.h"
#include "read/client/client.h"
#include "tests/unit/source_text.h"
#include "tests/unit/unit.h"

struct outcome {
	struct table *table;
	struct diags diags;
	char *said;                     /* as superd prints it */
	char *printed;                  /* the table as superd.conf */
};

static inline char *outcome_print(const struct table *table)
{
	char *text;
	size_t length;
	FILE *out = open_memstream(&text, &length);

	cr_assert(out && print_conf(table, false, out) && fclose(out) == 0);
	return text;
}

static inline struct outcome *read_xinetd(const char *text)
{
	struct outcome *outcome = calloc(1, sizeof(*outcome));
	struct reading reading = { .table = table_new() };
	struct source_file source;
	size_t length;
	FILE *said;

	cr_assert(outcome && reading.table);
	outcome->table = reading.table;
	reading.diags = &outcome->diags;
	if (source_from_text(&source, "t", text, strlen(text), reading.table->pool, reading.diags)) {
		cr_assert(xinetd_read_source(&reading, &source));
		source_free(&source);
	}
	xinetd_end_source(&reading);
	reading_finish(&reading);
	said = open_memstream(&outcome->said, &length);
	cr_assert(said);
	diags_print(&outcome->diags, said);
	fclose(said);
	outcome->printed = outcome_print(outcome->table);
	return outcome;
}

static inline void outcome_free(struct outcome *outcome)
{
	table_free(outcome->table);
	diags_free(&outcome->diags);
	free(outcome->said);
	free(outcome->printed);
	free(outcome);
}

/* The name of the only service, or "" when there is another number of them. */
static inline const char *only_name(const struct outcome *outcome)
{
	return outcome->table->count == 1 ? outcome->table->services[0].name : "";
}
