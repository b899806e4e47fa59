/* A reading of unit files for each test of a suite, with what was said of them: .init = open_reading, .fini =
 * close_reading. */
#pragma once

#include "read/systemd/internal.h"
#include "tests/unit/unit.h"

static struct reading reading;
static struct read_request request;
static struct diags diags;

static inline void open_reading(void)
{
	diags = (struct diags){ 0 };
	request = (struct read_request){ 0 };
	reading = (struct reading){ .table = table_new(), .diags = &diags, .request = &request };
	cr_assert_not_null(reading.table);
}

static inline void close_reading(void)
{
	reading_end(&reading);
	table_free(reading.table);
	diags_free(&diags);
}

/* Forgets what was read and said. */
static inline void reopen_reading(void)
{
	close_reading();
	open_reading();
}

/* What was said, as superd prints it. */
static inline const char *said(void)
{
	static char *text;
	size_t length;
	FILE *out;

	free(text);
	out = open_memstream(&text, &length);
	cr_assert_not_null(out);
	diags_print(&diags, out);
	fclose(out);
	return text;
}

/* Reads a text as the file of this unit, in a folder of its own. NULL: it could not be read. */
static inline const struct unit *try_unit(const char *name, const char *text)
{
	static const char *const nowhere[] = { NULL };
	char folder[] = "/tmp/superd-unit-XXXXXX", path[300];
	const struct unit *unit;
	bool failed;
	FILE *file;

	cr_assert(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "w");
	cr_assert(file && fputs(*text ? text : "\n", file) >= 0 && fclose(file) == 0, "%s", path);
	request.unit_path = nowhere;
	unit = unit_find(&reading, folder, name, &failed);
	cr_assert(unlink(path) == 0 && rmdir(folder) == 0);
	return unit;
}

static inline const struct unit *read_unit(const char *name, const char *text)
{
	const struct unit *unit = try_unit(name, text);

	cr_assert_not_null(unit, "%s", said());
	return unit;
}

/* The only assignment of a unit. */
static inline const struct unit_assignment *only(const struct unit *unit)
{
	cr_assert_eq(unit->count, 1, "%zu settings", unit->count);
	return &unit->list[0];
}
