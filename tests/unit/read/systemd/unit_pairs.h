/* Units given as texts, read as the reader of systemd's units reads files: what was said of them, and the superd.conf
 * they come to. */
#pragma once

#include "read/systemd/internal.h"
#include "read/client/client.h"
#include "tests/unit/unit.h"

struct given {
	const char *name, *text;
};

struct outcome {
	struct table *table;
	struct diags diags;
	char *said;                     /* as superd prints it */
	char *printed;                  /* the table as superd.conf */
};

static bool warns_of_unsupported;       /* --unsupported=warn, until the end of a test */

static inline char *outcome_print(const struct table *table)
{
	char *text;
	size_t length;
	FILE *out = open_memstream(&text, &length);

	cr_assert(out && print_conf(table, false, out) && fclose(out) == 0);
	return text;
}

/* given ends with one without a name, ask with NULL. */
static inline struct outcome *read_units(const struct given *given, const char *const *ask)
{
	static const char *const nowhere[] = { NULL };
	const struct read_request request = { .unit_path = nowhere, .warns_of_unsupported = warns_of_unsupported };
	struct outcome *outcome = calloc(1, sizeof(*outcome));
	struct reading reading = { .table = table_new(), .request = &request };
	char folder[] = "/tmp/superd-units-XXXXXX";
	const struct given *first = given;
	size_t length;
	FILE *said;

	cr_assert(outcome && reading.table && mkdtemp(folder) && chdir(folder) == 0);
	outcome->table = reading.table;
	reading.diags = &outcome->diags;
	for (; given->name; given++) {
		FILE *file = fopen(given->name, "w");

		cr_assert(file && fputs(given->text, file) >= 0 && fclose(file) == 0);
	}
	for (; *ask; ask++)
		reader_systemd.read(&reading, *ask);
	reading_finish(&reading);
	check_conflicts(outcome->table, &outcome->diags);
	for (given = first; given->name; given++)
		unlink(given->name);
	cr_assert(chdir("/") == 0 && rmdir(folder) == 0);
	diags_sort(&outcome->diags);
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

/* a.socket and a.service, or with Accept=yes a@.service. */
static inline struct outcome *read_pair(const char *socket, const char *service)
{
	const char *name = strstr(socket, "Accept=yes") ? "a@.service" : "a.service";
	const struct given given[] = { { "a.socket", socket }, { name, service }, { NULL, NULL } };
	static const char *const ask[] = { "a.socket", NULL };

	return read_units(given, ask);
}

#define SOCKET "[Socket]\nListenStream=/run/a\n"
#define SERVICE "[Service]\nExecStart=/bin/x\n"

/* This was said. */
static inline void expect_said(struct outcome *outcome, const char *text)
{
	cr_expect(strstr(outcome->said, text), "'%s' is not in:\n%s", text, outcome->said);
	outcome_free(outcome);
}

/* A pair with these further lines of the service. */
static inline struct outcome *with_service(const char *lines)
{
	char text[4096];

	snprintf(text, sizeof(text), SERVICE "%s", lines);
	return read_pair(SOCKET, text);
}
