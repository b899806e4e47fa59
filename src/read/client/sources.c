/* Reads sources into one table, each with the reader of its language, and what they import. */
#include "read/client/client.h"

#define SAVED "the previous configuration"      /* file of what stands in a saved text, in messages */

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

/* Reads a source with a reader of this program; format NULL: the one that it looks like. */
static void read_path(struct reading *reading, const struct format *format, const char *path, struct origin from)
{
	const struct read_request *request = reading->request;
	size_t before = reading->builder_count + reading->pending;
	bool ok;

	if (!format && !strcmp(path, "-") && fd_make_rewindable(STDIN_FILENO, SOURCE_MOST) < 0 && errno != ENOSYS) {
		diag_error(reading->diags, from, "cannot read standard input: %s", strerror(errno));
		return;
	}
	if (!format)
		format = format_recognise(path);
	if (format == format_own && request && request->on_own)
		return request->on_own(request->context, reading->diags, path);
	ok = reading_file(reading, format_reader(format), path, from);
	if (format_reader(format)->end_source)
		format_reader(format)->end_source(reading);
	if (ok && request && request->on_source)
		request->on_source(request->context, path, format->title,
				   reading->builder_count + reading->pending - before);
}

static void read_import(struct reading *reading, size_t number, const struct format *format)
{
	const struct import import = reading->imports[number];  /* the list may move */

	reading->opened = import.opened;
	read_path(reading, format, import.path, import.from);
}

/* Reads the source, or leaves it to superd-read. */
static void begin_import(struct reading *reading, size_t number)
{
	struct import *import = &reading->imports[number];
	enum compat usual = reading->compat;
	struct source_name name;
	struct stat status;

	if (!source_name_read(&name, import->source, reading->diags, import->from))
		return;
	if (import->from.file && !strcmp(name.path, "-")) {
		diag_error(reading->diags, import->from,
			   "%s: standard input cannot be imported: a reload could not read it again", import->source);
		diags_hint(reading->diags, "name it on the command line, as -f %s; a file of that name is ./-",
			   import->source);
		return;
	}
	import->path = resolve_path(reading, name.path, import->from);
	if (!import->path || (import->optional && wait_note_stat(import->path, &status) < 0 &&
			      (errno == ENOENT || errno == ENOTDIR)))
		return;
	if (name.compat != COMPAT_NONE)
		reading->compat = name.compat;
	if (formats_are_linked())
		read_import(reading, number, name.format);
	else if (format_is_certain(name.format, import->path))
		read_import(reading, number, format_own);
	else
		import->waits = true;
	reading->compat = usual;
}

void reading_source(struct reading *reading, const char *source, struct origin from)
{
	size_t number = reading->import_count;

	reading_import(reading, source, false, from);
	if (reading->import_count > number)
		begin_import(reading, number);
}

/* Reads all superd.conf, and then has superd-read read all else; again only for what a source imports that nothing but
 * its content shows to be superd.conf. */
static void read_imports(struct reading *reading)
{
	size_t next = 0;

	do {
		for (; next < reading->import_count; next++)
			begin_import(reading, next);
		ask_imports(reading);
		for (size_t n = 0; n < next; n++) {
			if (reading->imports[n].is_own)
				read_import(reading, n, format_own);
			reading->imports[n].waits = reading->imports[n].is_own = false;
		}
	} while (next < reading->import_count);
}

/* Makes rows of the builders. */
static void finish_builders(struct reading *reading)
{
	size_t errors = reading->diags->errors;
	bool failed = false;

	for (size_t n = 0; n < reading->kept; n++) {
		failed |= !builder_finish(reading->builders[n], reading->defaults, reading->diags);
		builder_free(reading->builders[n]);
	}
	reading->kept = 0;
	if (failed && reading->diags->errors == errors)
		reading_refuse_memory(reading);
	builder_free(reading->defaults);
	reading->defaults = NULL;
}

void reading_finish(struct reading *reading)
{
	read_imports(reading);
	formats_finish(reading);
	finish_builders(reading);
	reading_end(reading);
	table_check(reading->table, reading->diags);
}

struct table *read_table(const struct read_request *request, struct diags *diags)
{
	struct reading reading = {
		.table = table_new(), .diags = diags, .request = request, .compat = request->compat,
		.inetd = request->inetd,
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
		reading_import(&reading, request->sources[i], false, (struct origin){ 0 });
	reading_finish(&reading);
	if (!reading.table->count && diags->errors == errors)   /* this is legal, but hardly meant */
		diag_warning(diags, ((struct origin){ .file = only ? source_name_path(only) : NULL }),
			     "no services: superd has nothing to do");
	return reading.table;
}

/* It may be longer than a file of a user's, and have longer lines. Whoever saved it has checked it, with rows that it
 * does not have. */
struct table *read_saved(const char *text, struct diags *diags)
{
	struct reading reading = { .table = table_new(), .diags = diags };
	struct source_file source = { .file = SAVED, .text = (char *)(uintptr_t)text, .length = strlen(text) };
	bool good;

	if (!reading.table)
		return NULL;
	good = source_find_lines(&source) && superd_read_saved(&reading, &source);
	free(source.lines);
	finish_builders(&reading);
	reading_end(&reading);
	if (good)
		return reading.table;
	table_free(reading.table);
	return NULL;
}
