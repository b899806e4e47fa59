/* A reading: its builders and states, and the files and folders it reads.
 *
 * Files that include one another may form a circle, also by different paths of the same file, and a pattern may match
 * thousands of files. Device and inode identify a file. The depth of includes and the number of files have limits. */
#include "table/reading/reading.h"

#include <assert.h>
#include <dirent.h>
#include <fnmatch.h>
#include <glob.h>

enum severity reading_lack(const struct reading *reading)
{
	return reading->request && reading->request->warns_of_unsupported ? SEVERITY_WARNING : SEVERITY_ERROR;
}

bool reading_refuse_memory(struct reading *reading)
{
	return diags_out_of_memory(reading->diags, (struct origin){ 0 });
}

void **reading_state(struct reading *reading, free_state *free)
{
	struct reading_state *state = reading->states;

	while (state->free && state->free != free)
		state++;
	assert(state < reading->states + READING_STATES);
	state->free = free;
	return &state->state;
}

void reading_drop_state(struct reading *reading, free_state *free)
{
	void **state = reading_state(reading, free);

	if (*state)
		free(*state);
	*state = NULL;
}

void reading_end(struct reading *reading)
{
	for (size_t i = 0; i < READING_STATES && reading->states[i].free; i++)
		reading_drop_state(reading, reading->states[i].free);
	free(reading->builders);
	free(reading->imports);
	reading->builders = NULL;
	reading->imports = NULL;
	reading->kept = reading->capacity = reading->import_count = reading->import_capacity = 0;
}

bool reading_add(struct reading *reading, struct service_builder *builder)
{
	const struct read_request *request = reading->request;
	struct service_builder **list;

	reading->builder_count++;
	if (request && request->take_builder)
		return request->take_builder(request->context, builder) || reading_refuse_memory(reading);
	list = array_grow(reading->builders, &reading->capacity, reading->kept, sizeof(*list));
	if (!list) {
		builder_free(builder);
		return reading_refuse_memory(reading);
	}
	reading->builders = list;
	list[reading->kept++] = builder;
	return true;
}

void reading_import(struct reading *reading, const char *source, bool optional, struct origin from)
{
	struct import *list =
		array_grow(reading->imports, &reading->import_capacity, reading->import_count, sizeof(*list));

	source = pool_text(reading->table->pool, source);
	if (list)
		reading->imports = list;
	if (list && source)
		list[reading->import_count++] = (struct import){
			.source = source, .optional = optional, .from = from, .opened = reading->opened,
		};
	else
		reading_refuse_memory(reading);
}

void reading_skip(struct reading *reading, struct origin at, const char *name)
{
	if (!table_skip(reading->table, at, name))
		reading_refuse_memory(reading);
}

void reading_add_role(struct reading *reading, struct source_role role)
{
	if (!table_add_role(reading->table, role))
		reading_refuse_memory(reading);
}

/* Whether path is in the chain of files that are being read. Then it adds an error with both places. */
static bool refuse_circle(struct reading *reading, const char *path, const struct stat *status, struct origin from)
{
	for (const struct opened *opened = reading->opened; opened; opened = opened->outer) {
		if (opened->device != status->st_dev || opened->inode != status->st_ino || !opened->inode)
			continue;
		diag_error(reading->diags, from, "%s is being read already: a file cannot include itself", path);
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

bool reading_may_be_table(const char *name)
{
	size_t length = strlen(name);

	return *name != '.' && *name != '#' && length && name[length - 1] != '~' && fnmatch("*.dpkg-*", name, 0) != 0 &&
		fnmatch("*.rpm[sno]*", name, 0) != 0;
}

static int is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* Skips folders, and files that the reader does not take. */
static bool read_folder(struct reading *reading, const struct reader *reader, const char *path, struct origin from)
{
	struct dirent **entries = NULL;
	int count = scandir(path, &entries, is_visible, alphasort);
	size_t length = strlen(path);
	bool ok = count >= 0;

	if (count < 0)
		diag_error(reading->diags, ((struct origin){ .file = path }), "cannot read: %s", strerror(errno));
	for (int i = 0; i < count; i++) {
		const char *name = entries[i]->d_name;
		const char *file = pool_textf(reading->table->pool, "%s%s%s", path,
					      length && path[length - 1] == '/' ? "" : "/", name);
		struct stat status;

		if (!file)
			ok = reading_refuse_memory(reading);
		else if (!(wait_note_stat(file, &status) == 0 && S_ISDIR(status.st_mode)) &&
			 (reader->takes ? reader->takes(reading, file, name) : fnmatch("*.conf", name, 0) == 0))
			ok &= reading_file(reading, reader, file, from);
		free(entries[i]);
	}
	free(entries);
	return ok;
}

/* stat has failed; whether the reader may know the name without a file, or with a link that leads nowhere, see
 * reader.fileless. */
static bool is_fileless(const struct reader *reader, const char *path)
{
	size_t length = strlen(path);

	if (errno != ENOENT && errno != ELOOP)
		return false;
	for (size_t i = 0; i < sizeof(reader->fileless) / sizeof(*reader->fileless); i++) {
		size_t end = reader->fileless[i] ? strlen(reader->fileless[i]) : length;

		if (length > end && !strcmp(path + length - end, reader->fileless[i]))
			return true;
	}
	return false;
}

static bool read_checked_path(struct reading *reading, const struct reader *reader, const char *path,
			      struct origin from)
{
	struct origin at = from.file ? from : (struct origin){ .file = path };
	unsigned depth = reading->opened ? reading->opened->depth : 0;
	struct stat status = { 0 };
	struct source_file source;
	struct opened *opened;
	bool ok;

	if (strcmp(path, "-") && wait_note_stat(path, &status) < 0 && !is_fileless(reader, path)) {
		if (from.file)
			diag_error(reading->diags, from, "cannot read %s: %s", path, strerror(errno));
		else
			diag_error(reading->diags, at, "cannot read: %s", strerror(errno));
		return false;
	}
	if (refuse_circle(reading, path, &status, from))
		return false;
	if (depth == READING_DEPTH)
		return reading_refuse(reading, from, "%s: includes go deeper than %d files", path, READING_DEPTH);
	if (reading->files == READING_FILES)
		return reading_refuse(reading, from, "%s: more than %d files in one configuration", path,
				      READING_FILES);
	opened = pool_alloc(reading->table->pool, sizeof(*opened));
	if (!opened)
		return reading_refuse_memory(reading);
	*opened = (struct opened){
		.outer = reading->opened, .depth = depth + 1, .path = path, .from = from,
		.device = status.st_dev, .inode = status.st_ino,
	};
	reading->opened = opened;
	reading->files++;
	if (S_ISDIR(status.st_mode))
		ok = read_folder(reading, reader, path, from);
	else if (reader->read)
		ok = reader->read(reading, path);
	else if ((ok = reader->load(&source, path, reading->table->pool, reading->diags))) {
		ok = reader->read_source(reading, &source);
		source_free(&source);
	}
	reading->opened = opened->outer;
	return ok;
}

/* Every file and folder is read through here. */
bool reading_file(struct reading *reading, const struct reader *reader, const char *path, struct origin from)
{
	const char *kept = pool_text(reading->table->pool, path);
	bool ok;

	if (!kept)
		return reading_refuse_memory(reading);
	ok = read_checked_path(reading, reader, kept, from);
	if (!ok && (reading->opened || from.file) && reader->passes_over)
		reading_add_role(reading, (struct source_role){ ROLE_SHARED, .at.file = kept });
	return ok;
}

static void include_file(struct reading *reading, const struct reader *reader, const char *path, struct origin at)
{
	struct stat status;

	if (stat(path, &status) == 0 && S_ISDIR(status.st_mode)) {
		diag_error(reading->diags, at, "include: %s is a folder: name its files, as in \"%s/*.conf\"", path,
			   path);
		return;
	}
	reading_file(reading, reader, path, at);
}

/* glob(3) calls this for a folder that it cannot open. A missing folder matches nothing; any other error stops glob. */
static int stop_at_error(const char *path, int error)
{
	(void)path;
	errno = error;
	return error != ENOENT && error != ENOTDIR;
}

/* Reads all files that match. pattern: with its folder in front. written: as the including file has it, for
 * messages. */
static void include_pattern(struct reading *reading, const struct reader *reader, const char *pattern,
			    const char *written, struct origin at)
{
	glob_t found = { 0 };
	int result;

	errno = 0;
	result = glob(pattern, 0, stop_at_error, &found);
	if (result == GLOB_NOSPACE)
		diags_out_of_memory(reading->diags, at);
	else if (result && result != GLOB_NOMATCH)
		diag_error(reading->diags, at, "include: cannot search for %s: %s", written,
			   strerror(errno ? errno : EIO));
	for (size_t i = 0; !result && i < found.gl_pathc; i++) {
		const char *path = found.gl_pathv[i];

		if (!reader->takes || reader->takes(reading, path, scan_base_name(path)))
			include_file(reading, reader, path, at);
	}
	globfree(&found);
}

/* A folder that superd cannot read is an error and not an empty folder. */
void include_files(struct reading *reading, const struct reader *reader, const char *pattern, struct origin at)
{
	bool is_pattern = strpbrk(pattern, "*?[");
	struct buf path = { 0 };

	/* A pattern is relative to the including file, whose folder's name is never a part of it, whatever it has. */
	for (const char *c = at.file, *end = *pattern != '/' ? scan_base_name(at.file) : c; c < end; c++) {
		if (is_pattern && strchr("*?[\\", *c))
			buf_char(&path, '\\');
		buf_char(&path, *c);
	}
	if (!path.length && !strcmp(pattern, "-"))
		buf_text(&path, "./");          /* a file, not standard input */
	buf_text(&path, pattern);
	if (path.failed)
		diags_out_of_memory(reading->diags, at);
	else if (is_pattern)
		include_pattern(reading, reader, buf_string(&path), pattern, at);
	else
		include_file(reading, reader, buf_string(&path), at);
	buf_free(&path);
}

/* The names of implementations, as they stand in --compat and FORMAT+COMPAT:PATH. */
const char *const compat_names[COMPATS + 1] = {
	[COMPAT_NONE] = "", [COMPAT_OPENBSD] = "openbsd", [COMPAT_FREEBSD] = "freebsd", [COMPAT_NETBSD] = "netbsd",
	[COMPAT_GNU] = "gnu", [COMPAT_BUSYBOX] = "busybox", [COMPAT_XINETD] = "xinetd",
};

enum compat compat_find(const char *name, size_t length)
{
	for (enum compat compat = COMPAT_OPENBSD; compat < COMPATS; compat++) {
		if (scan_is_word(name, length, compat_names[compat]))
			return compat;
	}
	return COMPAT_NONE;
}
