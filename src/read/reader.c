/* Reads sources into one table.
 *
 * The hard thing is that sources name further sources: a chain of them may come back to where it began, under another
 * name, and a pattern may name thousands. Files are told apart by device and inode, and both are bounded. */
#include "read/reader.h"

#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/source.h"
#include "model/check.h"
#include "read/native.h"

struct format {
	const char *name;
	const struct reader *reader;    /* NULL: not yet */
	const char *files[3];           /* patterns of its usual names */
};

/* The first is what a source nobody recognises is taken for. */
static const struct format formats[] = {
	{ "superd", &reader_native, { "superd.conf" } },
	{ "inetd", NULL, { "inetd.conf" } },
	{ "xinetd", NULL, { "xinetd.conf" } },
	{ "systemd", NULL, { "*.socket", "*.service" } },
	{ "launchd", NULL, { "*.plist" } },
};
#define FORMATS (sizeof(formats) / sizeof(*formats))

static const struct format *format_find(const char *name, size_t length)
{
	for (size_t i = 0; i < FORMATS; i++) {
		if (strlen(formats[i].name) == length && !memcmp(formats[i].name, name, length))
			return &formats[i];
	}
	return NULL;
}

static bool format_has_name(const struct format *format, const char *name)
{
	for (size_t i = 0; i < sizeof(format->files) / sizeof(*format->files) && format->files[i]; i++) {
		if (fnmatch(format->files[i], name, 0) == 0)
			return true;
	}
	return false;
}

/* By its name, then by what is in it. */
static const struct format *format_recognise(const char *path)
{
	const struct format *found = NULL;
	const char *slash = strrchr(path, '/');
	struct source source = { .file = path };

	for (size_t i = 0; i < FORMATS; i++) {
		if (format_has_name(&formats[i], slash ? slash + 1 : path))
			return &formats[i];
	}
	source.text = fd_read_file(path, SOURCE_MOST, &source.length);
	for (size_t i = 0; source.text && i < FORMATS && !found; i++) {
		if (formats[i].reader && formats[i].reader->recognises(&source))
			found = &formats[i];
	}
	free(source.text);
	return found ? found : &formats[0];
}

static void refuse_memory(struct reading *reading)
{
	diag_error(reading->diags, (struct origin){ 0 }, "out of memory");
}

bool reading_add(struct reading *reading, struct draft *draft)
{
	if (reading->draft_count == reading->draft_capacity) {
		size_t capacity = reading->draft_capacity ? 2 * reading->draft_capacity : 64;
		struct draft **drafts = reallocarray(reading->drafts, capacity, sizeof(*drafts));

		if (!drafts) {
			draft_free(draft);
			refuse_memory(reading);
			return false;
		}
		reading->drafts = drafts;
		reading->draft_capacity = capacity;
	}
	reading->drafts[reading->draft_count++] = draft;
	return true;
}

/* Whether path, as it was found, is in the chain of files being read; says so with both places. */
static bool refuse_circle(struct reading *reading, const char *path, const struct stat *status, struct origin from)
{
	for (size_t i = 0; i < reading->depth; i++) {
		const struct opened *opened = &reading->opened[i];

		if (opened->device != status->st_dev || opened->inode != status->st_ino || !opened->inode)
			continue;
		diag_error(reading->diags, from, "%s is being read already: a file can't include itself", path);
		if (opened->from.file)
			diag_note(reading->diags, opened->from, "%s is read because of this line", opened->path);
		else
			diag_note(reading->diags, ((struct origin){ .file = opened->path }),
				  "is read because the command line names it");
		return true;
	}
	return false;
}

static bool reading_enter(struct reading *reading, const char *path, const struct stat *status, struct origin from)
{
	if (refuse_circle(reading, path, status, from))
		return false;
	if (reading->depth == READING_DEPTH) {
		diag_error(reading->diags, from, "%s: includes go deeper than %d files", path, READING_DEPTH);
		return false;
	}
	if (reading->files == READING_FILES) {
		diag_error(reading->diags, from, "%s: more than %d files in one table", path, READING_FILES);
		return false;
	}
	reading->files++;
	reading->opened[reading->depth++] = (struct opened){
		.path = path, .from = from, .device = status->st_dev, .inode = status->st_ino,
	};
	return true;
}

static int is_table(const struct dirent *entry)
{
	return entry->d_name[0] != '.' && fnmatch("*.conf", entry->d_name, 0) == 0;
}

/* By bytes, whatever the locale. */
static int compare_entries(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static bool read_path(struct reading *reading, const struct reader *reader, const char *path, struct origin from);

/* Every *.conf of a folder; folders in it are left alone. */
static bool read_folder(struct reading *reading, const struct reader *reader, const char *path, struct origin from)
{
	struct dirent **entries = NULL;
	int count = scandir(path, &entries, is_table, compare_entries);
	bool ok = count >= 0;

	if (count < 0)
		diag_error(reading->diags, ((struct origin){ .file = path }), "cannot read: %s", strerror(errno));
	for (int i = 0; i < count; i++) {
		const char *file = pool_textf(reading->table->pool, "%s/%s", path, entries[i]->d_name);
		struct stat status;

		if (!file) {
			refuse_memory(reading);
			ok = false;
		} else if (stat(file, &status) < 0 || !S_ISDIR(status.st_mode)) {
			ok &= read_path(reading, reader, file, from);
		}
		free(entries[i]);
	}
	free(entries);
	return ok;
}

/* The one way into a file. path is kept in the table's pool. */
static bool read_path(struct reading *reading, const struct reader *reader, const char *path, struct origin from)
{
	struct origin at = from.file ? from : (struct origin){ .file = path };
	struct stat status = { 0 };
	bool ok;

	if (strcmp(path, "-") && stat(path, &status) < 0) {
		if (from.file)
			diag_error(reading->diags, from, "cannot read %s: %s", path, strerror(errno));
		else
			diag_error(reading->diags, at, "cannot read: %s", strerror(errno));
		return false;
	}
	if (!reading_enter(reading, path, &status, from))
		return false;
	if (S_ISDIR(status.st_mode))
		ok = read_folder(reading, reader, path, from);
	else
		ok = reader->read(reading, path);
	reading->depth--;
	return ok;
}

/* A path in a file is relative to that file. */
static const char *resolve_path(struct reading *reading, const char *path, struct origin from)
{
	const char *slash = from.file ? strrchr(from.file, '/') : NULL;
	const char *kept;

	if (!slash || *path == '/' || !strcmp(path, "-"))
		kept = pool_text(reading->table->pool, path);
	else
		kept = pool_textf(reading->table->pool, "%.*s%s", (int)(slash + 1 - from.file), from.file, path);
	if (!kept)
		refuse_memory(reading);
	return kept;
}

bool reading_file(struct reading *reading, const struct reader *reader, const char *path, struct origin from)
{
	const char *kept = pool_text(reading->table->pool, path);

	if (!kept)
		refuse_memory(reading);
	return kept && read_path(reading, reader, kept, from);
}

/* FORMAT, as it stands before the colon of "FORMAT:PATH". NULL after saying that it is none. */
static const struct format *format_named(struct reading *reading, const char *source, size_t length, struct origin from)
{
	const struct format *format = format_find(source, length);

	if (format)
		return format;
	diag_error(reading->diags, from, "%s: there is no format '%.*s': known are superd, inetd, xinetd, systemd "
		   "and launchd", source, (int)length, source);
	diags_hint(reading->diags, "a file of that name is written ./%s", source);
	return NULL;
}

bool reading_source(struct reading *reading, const char *source, struct origin from)
{
	size_t prefix = strspn(source, "abcdefghijklmnopqrstuvwxyz0123456789_");
	const struct format *format = NULL;
	const char *path;

	if (prefix && source[prefix] == ':') {
		format = format_named(reading, source, prefix, from);
		if (!format)
			return false;
		source += prefix + 1;
	}
	if (!*source) {
		diag_error(reading->diags, from, "a source has no path: it is written [FORMAT:]PATH");
		return false;
	}
	path = resolve_path(reading, source, from);
	if (!path)
		return false;
	if (!format)
		format = format_recognise(path);
	if (format->reader)
		return read_path(reading, format->reader, path, from);
	diag_error(reading->diags, from.file ? from : (struct origin){ .file = path },
		   "%s: tables of %s: not yet: this version of superd reads superd.conf alone", path, format->name);
	return false;
}

void reading_finish(struct reading *reading)
{
	size_t errors = reading->diags->errors;
	bool failed = false;

	for (size_t i = 0; i < reading->draft_count; i++) {
		failed |= !draft_seal(reading->drafts[i], reading->defaults, reading->diags);
		draft_free(reading->drafts[i]);
	}
	if (failed && reading->diags->errors == errors)
		refuse_memory(reading);
	free(reading->drafts);
	draft_free(reading->defaults);
	reading->drafts = NULL;
	reading->defaults = NULL;
	reading->draft_count = reading->draft_capacity = 0;
	table_check(reading->table, reading->diags);
}

/* A table without a service is legal, yet hardly meant. */
static void warn_of_nothing(const struct table *table, struct diags *diags, size_t errors, const char *file)
{
	if (table->count == 0 && diags->errors == errors)
		diag_warning(diags, ((struct origin){ .file = file }), "no services: there is nothing to do");
}

struct table *read_table(const char *const *sources, size_t count, struct diags *diags)
{
	struct reading reading = { .table = table_new(), .diags = diags };
	size_t errors = diags->errors;

	if (!reading.table) {
		refuse_memory(&reading);
		return NULL;
	}
	for (size_t i = 0; i < count; i++)
		reading_source(&reading, sources[i], (struct origin){ 0 });
	reading_finish(&reading);
	warn_of_nothing(reading.table, diags, errors, count == 1 ? sources[0] : NULL);
	return reading.table;
}

struct table *read_text(const char *file, const char *text, size_t length, struct diags *diags)
{
	struct reading reading = { .table = table_new(), .diags = diags };
	size_t errors = diags->errors;
	struct source source;

	if (!reading.table) {
		refuse_memory(&reading);
		return NULL;
	}
	if (source_from_text(&source, file, text, length, reading.table->pool, diags)) {
		native_read_source(&reading, &source);
		source_free(&source);
	}
	reading_finish(&reading);
	warn_of_nothing(reading.table, diags, errors, file);
	return reading.table;
}
