/* Reads sources into one table.
 *
 * The hard thing is that sources name further sources: a chain of them may come back to where it began, under another
 * name, and a pattern may name thousands. Files are told apart by device and inode, and both are bounded. */
#include "parse/reader.h"

#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/array.h"
#include "base/fd.h"
#include "base/source.h"
#include "config/check/check.h"
#include "parse/format.h"
#include "parse/source_name.h"
#include "parse/superd/native.h"
#include "parse/systemd/unit.h"
#include "parse/xinetd/xinetd_share.h"

static void refuse_memory(struct reading *reading)
{
	diag_error(reading->diags, (struct origin){ 0 }, "out of memory");
}

bool reading_add(struct reading *reading, struct draft *draft)
{
	struct draft **drafts =
		array_grow(reading->drafts, &reading->draft_capacity, reading->draft_count, sizeof(*drafts));

	if (!drafts) {
		draft_free(draft);
		refuse_memory(reading);
		return false;
	}
	reading->drafts = drafts;
	reading->drafts[reading->draft_count++] = draft;
	return true;
}

void reading_leave_out(struct reading *reading, struct origin at, const char *name)
{
	if (!table_leave_out(reading->table, at, name))
		refuse_memory(reading);
}

void reading_mark_vital(struct reading *reading, struct origin at)
{
	if (!table_mark_vital(reading->table, at))
		refuse_memory(reading);
}

void reading_mark_shared(struct reading *reading, struct origin at)
{
	if (!table_mark_shared(reading->table, at))
		refuse_memory(reading);
}

void reading_note_part(struct reading *reading, struct origin at, const char *name)
{
	if (!table_note_part(reading->table, at, name))
		refuse_memory(reading);
}

void reading_note_yield(struct reading *reading, struct origin at, struct origin to)
{
	if (!table_note_yield(reading->table, at, to))
		refuse_memory(reading);
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
		diags_tie(reading->diags);
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

static int is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* By bytes, whatever the locale. */
static int compare_entries(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static bool read_path(struct reading *reading, const struct reader *reader, const char *path, struct origin from);

/* Folders in a folder are left alone, as is what its reader does not take. */
static bool read_entry(struct reading *reading, const struct reader *reader, const char *folder, const char *name,
		       struct origin from)
{
	size_t length = strlen(folder);
	const char *file = pool_textf(reading->table->pool, "%s%s%s", folder,
				      length && folder[length - 1] == '/' ? "" : "/", name);
	struct stat status;

	if (!file) {
		refuse_memory(reading);
		return false;
	}
	if (stat(file, &status) == 0 && S_ISDIR(status.st_mode))
		return true;
	if (reader->takes ? !reader->takes(reading, file, name) : fnmatch("*.conf", name, 0) != 0)
		return true;
	return read_path(reading, reader, file, from);
}

static bool read_folder(struct reading *reading, const struct reader *reader, const char *path, struct origin from)
{
	struct dirent **entries = NULL;
	int count = scandir(path, &entries, is_visible, compare_entries);
	bool ok = count >= 0;

	if (count < 0)
		diag_error(reading->diags, ((struct origin){ .file = path }), "cannot read: %s", strerror(errno));
	for (int i = 0; i < count; i++) {
		ok &= read_entry(reading, reader, path, entries[i]->d_name, from);
		free(entries[i]);
	}
	free(entries);
	return ok;
}

bool reading_may_read(struct reading *reading, const char *path, const struct stat *status)
{
	const struct read_request *request = reading->request;

	return !request || !request->may_read ||
	       request->may_read(request->may_read_context, path, status, reading->diags);
}

/* Whether what stat did not find is there all the same. */
static bool is_found(const struct reader *reader, const char *path)
{
	return errno == ENOENT && reader->finds && reader->finds(path);
}

static bool open_path(struct reading *reading, const struct reader *reader, const char *path, struct origin from)
{
	struct origin at = from.file ? from : (struct origin){ .file = path };
	struct stat status = { 0 };
	bool ok;

	if (strcmp(path, "-") && stat(path, &status) < 0 && !is_found(reader, path)) {
		if (from.file)
			diag_error(reading->diags, from, "cannot read %s: %s", path, strerror(errno));
		else
			diag_error(reading->diags, at, "cannot read: %s", strerror(errno));
		return false;
	}
	if (S_ISREG(status.st_mode) && !reading_may_read(reading, path, &status))
		return false;
	if (!reading_enter(reading, path, &status, from))
		return false;
	if (S_ISDIR(status.st_mode))
		ok = read_folder(reading, reader, path, from);
	else
		ok = reader->read(reading, path);
	reading->depth--;
	return ok;
}

/* The one way into a file. path is kept in the table's pool. */
static bool read_path(struct reading *reading, const struct reader *reader, const char *path, struct origin from)
{
	bool ok = open_path(reading, reader, path, from);

	if (!ok && reading->depth && reader->passes_over)
		reading_mark_shared(reading, (struct origin){ .file = path });
	return ok;
}

/* A path in a file is relative to that file. */
static const char *resolve_path(struct reading *reading, const char *path, struct origin from)
{
	const char *slash = from.file ? strrchr(from.file, '/') : NULL;
	const char *kept;

	if (!slash || *path == '/')
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

/* NULL after saying why its first bytes could not be looked at. */
static const struct format *recognise(struct reading *reading, const char *path, struct origin from)
{
	if (strcmp(path, "-") || fd_make_rewindable(STDIN_FILENO, SOURCE_MOST) >= 0 || errno == ENOSYS)
		return format_recognise(path);
	diag_error(reading->diags, from, "cannot read standard input: %s", strerror(errno));
	return NULL;
}

static bool is_missing(const char *path)
{
	return access(path, F_OK) < 0 && (errno == ENOENT || errno == ENOTDIR);
}

/* Each line of it would be a mistake. */
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

static bool read_source(struct reading *reading, const char *source, bool optional, struct origin from)
{
	size_t drafts = reading->draft_count + reading->pending;
	struct source_name name;
	const char *path;
	bool ok;

	if (!source_name_read(&name, source, reading->diags, from))
		return false;
	if (from.file && !strcmp(name.path, "-")) {
		diag_error(reading->diags, from, "%s: standard input is no table to import: a reload could not read it "
			   "again", source);
		diags_hint(reading->diags, "name it on the command line, as -f %s; a file of that name is ./-", source);
		return false;
	}
	if (name.compat != COMPAT_NONE)
		reading->compat = name.compat;
	path = resolve_path(reading, name.path, from);
	if (!path)
		return false;
	if (optional && is_missing(path))
		return true;
	if (!name.format)
		name.format = recognise(reading, path, from);
	if (!name.format || refuse_other_format(reading, name.format, path, from))
		return false;
	ok = read_path(reading, name.format->reader, path, from);
	if (name.format->reader->end_source)
		name.format->reader->end_source(reading);
	if (ok && reading->request && reading->request->took)
		reading->request->took(reading->request->context, path, name.format->title,
				       reading->draft_count + reading->pending - drafts);
	return ok;
}

bool reading_source(struct reading *reading, const char *source, bool optional, struct origin from)
{
	enum compat outer = reading->compat;
	bool ok = read_source(reading, source, optional, from);

	reading->compat = outer;
	return ok;
}

void reading_finish(struct reading *reading)
{
	size_t errors = reading->diags->errors;
	bool failed = false;

	formats_finish(reading);
	xinetd_share_free(reading);
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
	units_free(reading);
	table_check(reading->table, reading->diags);
}

/* A table without a service is legal, yet hardly meant. */
static void warn_of_nothing(const struct table *table, struct diags *diags, size_t errors, const char *file)
{
	if (table->count == 0 && diags->errors == errors)
		diag_warning(diags, ((struct origin){ .file = file }), "no services: there is nothing to do");
}

/* A mask among others is a way to leave a unit out; where nothing else is left, what was asked for can't be done. */
static void refuse_masked(const struct table *table, struct diags *diags, size_t errors, const char *file)
{
	if (table->count || diags->errors != errors)
		return;
	diag_error(diags, ((struct origin){ .file = file }), "no services: what was asked for is masked");
	diags_hint(diags, "a mask is an empty file, or a link to /dev/null, in the place of the unit: without it the "
			  "unit is run");
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
		refuse_memory(&reading);
		return NULL;
	}
	for (size_t i = 0; i < request->count; i++)
		reading_source(&reading, request->sources[i], false, (struct origin){ 0 });
	reading_finish(&reading);
	if (reading.asked_masked)
		refuse_masked(reading.table, diags, errors, only ? source_name_path(only) : NULL);
	else
		warn_of_nothing(reading.table, diags, errors, only ? source_name_path(only) : NULL);
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
