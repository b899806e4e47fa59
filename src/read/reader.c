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
#include <unistd.h>

#include "base/fd.h"
#include "base/source.h"
#include "model/check.h"
#include "read/format.h"
#include "read/native.h"
#include "read/xinetd_share.h"

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

static bool open_path(struct reading *reading, const struct reader *reader, const char *path, struct origin from)
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

/* COMPAT, as it stands between "+" and the colon. false after saying that it is none, or none of this format. */
static bool compat_named(struct reading *reading, const struct format *format, const char *name, size_t length,
			 struct origin from)
{
	enum compat compat = compat_find(name, length);

	if (compat == COMPAT_NONE) {
		diag_error(reading->diags, from, "there is no '%.*s' to be compatible with: known are openbsd, "
			   "freebsd, netbsd, gnu, busybox and xinetd", (int)length, name);
		return false;
	}
	if (!format->knows || !format->knows(compat)) {
		diag_error(reading->diags, from, "%s has no meaning of its own for tables of %s: leave +%s out",
			   compat_names[compat], format->name, compat_names[compat]);
		return false;
	}
	reading->compat = compat;
	return true;
}

/* The length of "FORMAT:" or "FORMAT+COMPAT:" before a path, and of its FORMAT; 0: there is none. */
static size_t measure_prefix(const char *source, size_t *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789_";
	size_t end = *name = strspn(source, letters);

	if (source[end] == '+')
		end += 1 + strspn(source + end + 1, letters);
	return *name && source[end] == ':' ? end + 1 : 0;
}

/* What stands before the path; gives the path, or NULL after saying what is wrong. */
static const char *read_prefix(struct reading *reading, const char *source, const struct format **format,
			       struct origin from)
{
	size_t name, prefix = measure_prefix(source, &name);

	if (prefix) {
		*format = format_named(reading, source, name, from);
		if (!*format)
			return NULL;
		if (prefix > name + 1 &&
		    !compat_named(reading, *format, source + name + 1, prefix - name - 2, from))
			return NULL;
	}
	if (source[prefix])
		return source + prefix;
	diag_error(reading->diags, from, "a source has no path: it is written [FORMAT:]PATH");
	return NULL;
}

/* NULL after saying why its first bytes could not be looked at. */
static const struct format *recognise(struct reading *reading, const char *path, struct origin from)
{
	if (strcmp(path, "-") || fd_make_rewindable(STDIN_FILENO, SOURCE_MOST) >= 0 || errno == ENOSYS)
		return format_recognise(path);
	diag_error(reading->diags, from, "cannot read standard input: %s", strerror(errno));
	return NULL;
}

static bool read_source(struct reading *reading, const char *source, struct origin from)
{
	const struct format *format = NULL;
	size_t drafts = reading->draft_count + reading->pending;
	const char *path = read_prefix(reading, source, &format, from);
	bool ok;

	path = path ? resolve_path(reading, path, from) : NULL;
	if (!path)
		return false;
	if (!format)
		format = recognise(reading, path, from);
	if (!format)
		return false;
	if (!format->reader) {
		diag_error(reading->diags, from.file ? from : (struct origin){ .file = path },
			   "%s: tables of %s: not yet: this version of superd reads those of superd, inetd and xinetd",
			   path, format->name);
		return false;
	}
	ok = read_path(reading, format->reader, path, from);
	if (format->reader->end_source)
		format->reader->end_source(reading);
	if (ok && reading->request && reading->request->took)
		reading->request->took(reading->request->context, path, format->title,
				       reading->draft_count + reading->pending - drafts);
	return ok;
}

bool reading_source(struct reading *reading, const char *source, struct origin from)
{
	enum compat outer = reading->compat;
	bool ok = read_source(reading, source, from);

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
	table_check(reading->table, reading->diags);
}

/* A table without a service is legal, yet hardly meant. */
static void warn_of_nothing(const struct table *table, struct diags *diags, size_t errors, const char *file)
{
	if (table->count == 0 && diags->errors == errors)
		diag_warning(diags, ((struct origin){ .file = file }), "no services: there is nothing to do");
}

struct table *read_table(const struct read_request *request, struct diags *diags)
{
	struct reading reading = {
		.table = table_new(), .diags = diags, .request = request, .compat = request->compat,
		.inetd = request->inetd,
	};
	size_t errors = diags->errors, name;
	const char *only = request->count == 1 ? request->sources[0] : NULL;

	if (!reading.table) {
		refuse_memory(&reading);
		return NULL;
	}
	for (size_t i = 0; i < request->count; i++)
		reading_source(&reading, request->sources[i], (struct origin){ 0 });
	reading_finish(&reading);
	warn_of_nothing(reading.table, diags, errors, only ? only + measure_prefix(only, &name) : NULL);
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
