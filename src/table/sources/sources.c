/* Reads sources into one table, each with the reader of its language, and what they import. */
#include "table/sources/sources.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/source_file.h"
#include "lib/wait_note.h"
#include "read/apart/ask.h"
#include "table/rules/check.h"
#include "table/sources/format.h"
#include "table/sources/source_name.h"
#include "table/superd_conf/superd.h"

#define SAVED "the previous configuration"      /* file of what stands in a saved text, in messages */

/* superd-read was given superd.conf. */
static void refuse_own(struct reading *reading, const char *path)
{
	diag_error(reading->diags, ((struct origin){ .file = path }), "this is superd.conf, which superd reads itself");
	diags_hint(reading->diags, "another format is named, as in inetd:%s", path);
}

/* A path that stands in a file is relative to the folder of that file. */
static const char *resolve_path(struct reading *reading, const char *path, struct origin from)
{
	const char *slash = from.file ? strrchr(from.file, '/') : NULL;
	const char *kept;

	if (!slash || *path == '/')
		kept = pool_text(reading->table->pool, path);
	else
		kept = pool_textf(reading->table->pool, "%.*s%s", (int)(slash + 1 - from.file), from.file, path);
	if (!kept)
		reading_refuse_memory(reading);
	return kept;
}

/* NULL: standard input could not be read (reported). */
static const struct format *recognise_source(struct reading *reading, const char *path, struct origin from)
{
	if (strcmp(path, "-") || fd_make_rewindable(STDIN_FILENO, SOURCE_MOST) >= 0 || errno == ENOSYS)
		return format_recognise(path);
	diag_error(reading->diags, from, "cannot read standard input: %s", strerror(errno));
	return NULL;
}

static bool source_is_missing(const char *path)
{
	struct stat status;

	return wait_note_stat(path, &status) < 0 && (errno == ENOENT || errno == ENOTDIR);
}

/* A file of another format than the named one gets one error, instead of one for each line. */
static bool refuse_other_format(struct reading *reading, const struct format *named, const char *path,
				struct origin from)
{
	const struct format *meant = format_meant(named, path);
	struct origin at = from.file ? from : (struct origin){ .file = path };

	if (!meant)
		return false;
	if (from.file)
		diag_error(reading->diags, at, "%s looks like %s, not like %s", path, meant->title, named->title);
	else
		diag_error(reading->diags, at, "this looks like %s, not like %s", meant->title, named->title);
	diags_hint(reading->diags, "%s:%s reads it so", meant->name, path);
	return true;
}

static size_t count_services(const struct reading *reading)
{
	return reading->builder_count + reading->pending;
}

/* What the source imports has been counted before. */
static void count_source(struct reading *reading, const char *path, const struct format *format, size_t services)
{
	reading->counted += services;
	if (reading->request && reading->request->on_source)
		reading->request->on_source(reading->request->context, path, format->title, services);
}

enum read_result reading_path(struct reading *reading, const struct format *format, const char *path,
			      struct origin from)
{
	size_t before = count_services(reading), counted = reading->counted;
	bool ok;

	if (!format)
		format = recognise_source(reading, path, from);
	if (!format || refuse_other_format(reading, format, path, from))
		return READ_FAILED;
	if (format_is_own(format) && reading->request && reading->request->only_foreign)
		return READ_OWN;
	ok = reading_file(reading, format_reader(format), path, from);
	if (format_reader(format)->end_source)
		format_reader(format)->end_source(reading);
	if (ok)
		count_source(reading, path, format,
			     count_services(reading) - before - (reading->counted - counted));
	return ok ? READ_DONE : READ_FAILED;
}

/* Reads a source here, or has superd-read do it. */
static enum read_result read_path(struct reading *reading, const struct source_name *name, const char *path,
				  struct origin from)
{
	const struct asked_source asked = { name->format ? name->format->name : NULL, path, from };
	enum read_result result = READ_OWN;

	if (formats_are_linked())
		return reading_path(reading, name->format, path, from);
	if (!format_is_certain(name->format, path))
		result = ask_source(reading, &asked);
	return result == READ_OWN ? reading_path(reading, format_find("superd", 6), path, from) : result;
}

static bool read_source(struct reading *reading, const char *source, bool optional, struct origin from)
{
	enum read_result result;
	struct source_name name;
	const char *path;

	if (!source_name_read(&name, source, reading->diags, from))
		return false;
	if (from.file && !strcmp(name.path, "-")) {
		diag_error(reading->diags, from, "%s: standard input cannot be imported: a reload could not read it "
			   "again", source);
		diags_hint(reading->diags, "name it on the command line, as -f %s; a file of that name is ./-", source);
		return false;
	}
	if (name.compat != COMPAT_NONE)
		reading->compat = name.compat;
	path = resolve_path(reading, name.path, from);
	if (!path)
		return false;
	if (optional && source_is_missing(path))
		return true;
	result = read_path(reading, &name, path, from);
	if (result == READ_OWN)
		refuse_own(reading, path);
	return result == READ_DONE;
}

bool reading_source(struct reading *reading, const char *source, bool optional, struct origin from)
{
	enum compat outer = reading->compat;
	bool ok = read_source(reading, source, optional, from);

	reading->compat = outer;
	return ok;
}

/* Makes rows of the builders. */
static void finish_builders(struct reading *reading)
{
	size_t errors = reading->diags->errors;
	bool failed = false;

	for (size_t i = 0; i < reading->builder_count; i++) {
		failed |= !builder_finish(reading->builders[i], reading->defaults, reading->diags);
		builder_free(reading->builders[i]);
	}
	if (failed && reading->diags->errors == errors)
		reading_refuse_memory(reading);
	free(reading->builders);
	builder_free(reading->defaults);
	reading->builders = NULL;
	reading->defaults = NULL;
	reading->builder_count = reading->builder_capacity = 0;
}

void reading_finish(struct reading *reading)
{
	formats_finish(reading);
	ask_finish(reading);
	finish_builders(reading);
	reading_drop_states(reading);
	table_check(reading->table, reading->diags);
}

/* A table without a service is legal, but hardly meant. */
static void warn_of_empty_table(const struct table *table, struct diags *diags, size_t errors, const char *file)
{
	if (table->count == 0 && diags->errors == errors)
		diag_warning(diags, ((struct origin){ .file = file }), "no services: superd has nothing to do");
}

/* A mask is a way to leave one unit out. If no other unit is left, superd cannot do what was asked for: an error. */
static void refuse_masked(const struct table *table, struct diags *diags, size_t errors, const char *file)
{
	if (table->count || diags->errors != errors)
		return;
	diag_error(diags, ((struct origin){ .file = file }), "no services: the named units are masked");
	diags_hint(diags, "a mask is an empty file, or a link to /dev/null, in the place of the unit: without it the "
			  "unit is run");
}

struct table *read_table(const struct read_request *request, struct diags *diags)
{
	struct reading reading = {
		.table = table_new(), .diags = diags, .request = request, .compat = request->compat,
		.inetd = request->inetd, .import = reading_source,
	};
	size_t errors = diags->errors;
	const char *only = request->count == 1 ? request->sources[0] : NULL;

	if (!reading.table) {
		reading_refuse_memory(&reading);
		return NULL;
	}
	for (size_t i = 0; request->start && i < request->count; i++) {
		if (!strcmp(source_name_path(request->sources[i]), "-"))
			fd_make_rewindable(STDIN_FILENO, SOURCE_MOST);  /* superd-read has it, too */
	}
	for (size_t i = 0; i < request->count; i++)
		reading_source(&reading, request->sources[i], false, (struct origin){ 0 });
	reading_finish(&reading);
	if (reading.asked_masked)
		refuse_masked(reading.table, diags, errors, only ? source_name_path(only) : NULL);
	else
		warn_of_empty_table(reading.table, diags, errors, only ? source_name_path(only) : NULL);
	return reading.table;
}

struct table *read_text(const char *file, const char *text, size_t length, struct diags *diags)
{
	struct reading reading = { .table = table_new(), .diags = diags, .import = reading_source };
	size_t errors = diags->errors;
	struct source_file source;

	if (!reading.table) {
		reading_refuse_memory(&reading);
		return NULL;
	}
	if (source_from_text(&source, file, text, length, reading.table->pool, diags)) {
		superd_read_source(&reading, &source);
		source_free(&source);
	}
	reading_finish(&reading);
	warn_of_empty_table(reading.table, diags, errors, file);
	return reading.table;
}

/* It may be longer than a file of a user's, and have longer lines. Whoever saved it has checked it, with rows that it
 * does not have. */
struct table *read_saved(const char *text, struct diags *diags)
{
	struct reading reading = { .table = table_new(), .diags = diags, .import = reading_source };
	struct source_file source = { .file = SAVED, .text = (char *)(uintptr_t)text, .length = strlen(text) };
	bool good;

	if (!reading.table)
		return NULL;
	good = source_find_lines(&source) && superd_read_saved(&reading, &source);
	free(source.lines);
	finish_builders(&reading);
	if (good)
		return reading.table;
	table_free(reading.table);
	return NULL;
}

bool find_saved_places(struct table *table, const char *text)
{
	return superd_find_places(table, &(struct source_file){ .file = SAVED, .text = (char *)(uintptr_t)text,
								.length = strlen(text) });
}
