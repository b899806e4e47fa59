/* Texts of xinetd.conf read for tests: what was said of them, and the superd.conf they come to. */
#pragma once

#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/print/print_conf.h"
#include "parse/sources/sources.h"
#include "parse/xinetd/xinetd.h"

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

static inline struct outcome *read_compat(const char *text, enum compat compat)
{
	struct outcome *outcome = calloc(1, sizeof(*outcome));
	struct reading reading = { .table = table_new(), .compat = compat };
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

static inline struct outcome *read_xinetd(const char *text)
{
	return read_compat(text, COMPAT_NONE);
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

/* A service that lacks nothing, with more lines in it. free() it. */
static inline char *with(const char *lines)
{
	char *text;

	cr_assert_gt(asprintf(&text,
			      "service a\n{\n type = UNLISTED\n port = 7777\n socket_type = stream\n wait = no\n"
			      " user = nobody\n server = /bin/x\n%s\n}\n", lines), 0);
	return text;
}

/* The text is read without a word, and printed as superd.conf it has this line. */
static inline void expect_line(const char *text, const char *line)
{
	struct outcome *outcome = read_xinetd(text);

	cr_expect_str_eq(outcome->said, "", "of: %s\nsaid: %s", text, outcome->said);
	cr_expect(strstr(outcome->printed, line), "of: %s\nwanted: %s\ngot: %s", text, line, outcome->printed);
	outcome_free(outcome);
}

/* The same for lines added to a service that lacks nothing. */
static inline void expect_option(const char *lines, const char *line)
{
	char *text = with(lines);

	expect_line(text, line);
	free(text);
}

/* No service comes of the text, and this is said. */
static inline void expect_refused(const char *text, const char *said)
{
	struct outcome *outcome = read_xinetd(text);

	cr_expect(strstr(outcome->said, said), "of: %s\nwanted: %s\nsaid: %s", text, said, outcome->said);
	cr_expect_gt(outcome->diags.errors, 0, "of: %s", text);
	cr_expect_eq(outcome->table->count, 0, "of: %s\ngot: %s", text, outcome->printed);
	outcome_free(outcome);
}

static inline void expect_refused_option(const char *lines, const char *said)
{
	char *text = with(lines);

	expect_refused(text, said);
	free(text);
}

/* It is read without an error, this is said, and the line is there. */
static inline void expect_warned(const char *text, const char *said, const char *line)
{
	struct outcome *outcome = read_xinetd(text);

	cr_expect_eq(outcome->diags.errors, 0, "of: %s\nsaid: %s", text, outcome->said);
	cr_expect(strstr(outcome->said, said), "of: %s\nwanted: %s\nsaid: %s", text, said, outcome->said);
	cr_expect(strstr(outcome->printed, line), "of: %s\nwanted: %s\ngot: %s", text, line, outcome->printed);
	outcome_free(outcome);
}
