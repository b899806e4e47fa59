/* Finds the language of a table.
 *
 * Languages look alike: a service of superd.conf begins as one of xinetd.conf does. The order of formats[] decides:
 * formats with clear marks come first. superd.conf is last and takes all that no other format recognises. */
#include "read/client/format.h"

#include <dirent.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/scan.h"
#include "lib/source_file.h"
#include "lib/wait_note.h"
#include "read/client/readers.h"
#include "table/reading/superd_conf.h"

#define FOLDER_FILES_MOST 100           /* files of a folder that are looked at, to find its format */

#define FOR(compat) (1u << (compat))

static const struct format formats[] = {
	{ "systemd", "unit files", { "*.socket", "*.service" }, NULL, 0 },
	{ "xinetd", "xinetd.conf", { "xinetd.conf*" }, "xinetd.d", FOR(COMPAT_XINETD) },
	{ "inetd", "inetd.conf", { "inetd.conf*" }, "inetd.d", FOR(COMPATS) - 1 },
	{ "launchd", "property lists", { "*.plist" }, NULL, 0 },
	{ "superd", "superd.conf", { "superd.conf*" }, "superd.d", 0 },
};
#define FORMATS (sizeof(formats) / sizeof(*formats))

static const struct format *const fallback_format = &formats[FORMATS - 1];

_Static_assert(FORMATS == FOREIGN_FORMATS + 1, "superd.conf is the last");

const struct reader *format_reader(const struct format *format)
{
	return format == fallback_format ? &reader_superd : foreign_readers[format - formats];
}

bool formats_are_linked(void)
{
	return foreign_readers[0];
}

bool format_is_own(const struct format *format)
{
	return format == fallback_format;
}

const struct format *format_find(const char *name, size_t length)
{
	for (size_t i = 0; i < FORMATS; i++) {
		if (scan_is_word(name, length, formats[i].name))
			return &formats[i];
	}
	return NULL;
}

/* A component of a path, counted from its end: skip 0 is the last one. Slashes at the end do not count. *length may be
 * 0. */
static const char *path_component(const char *path, int skip, size_t *length)
{
	const char *end = path + strlen(path), *start;

	for (;;) {
		while (end > path && end[-1] == '/')
			end--;
		for (start = end; start > path && start[-1] != '/';)
			start--;
		if (skip-- == 0)
			break;
		end = start;
	}
	*length = (size_t)(end - start);
	return start;
}

static bool is_in_folder(const char *path, int skip, const char *folder)
{
	size_t length;
	const char *name = path_component(path, skip, &length);

	return folder && scan_is_word(name, length, folder);
}

static bool has_usual_name(const struct format *format, const char *path)
{
	for (size_t i = 0; i < sizeof(format->files) / sizeof(*format->files) && format->files[i]; i++) {
		if (fnmatch(format->files[i], scan_base_name(path), 0) == 0)
			return true;
	}
	return is_in_folder(path, 0, format->folder) || is_in_folder(path, 1, format->folder);
}

static const struct format *recognise_by_name(const char *path)
{
	for (size_t i = 0; i < FORMATS; i++) {
		if (has_usual_name(&formats[i], path))
			return &formats[i];
	}
	return NULL;
}

/* Standard input is rewound, because the reader reads it again. false: it cannot be read. */
static bool read_text_of(struct source_file *source, const char *path)
{
	off_t start;

	*source = (struct source_file){ .file = path };
	if (strcmp(path, "-")) {
		wait_note("the file", path);
		source->text = fd_read_file(path, SOURCE_MOST, &source->length);
		wait_note(NULL, NULL);
	} else {
		start = fd_make_rewindable(STDIN_FILENO, SOURCE_MOST);
		if (start < 0)
			return false;
		source->text = fd_read_all(STDIN_FILENO, SOURCE_MOST, &source->length);
		lseek(STDIN_FILENO, start, SEEK_SET);
	}
	if (source->text)
		source_drop_mark(source);
	return source->text;
}

static const struct format *find_format_by_content(const struct source_file *source)
{
	for (size_t i = 0; i < FORMATS; i++) {
		const struct reader *reader = format_reader(&formats[i]);

		if (reader && reader->recognises(source))
			return &formats[i];
	}
	return NULL;
}

static const struct format *recognise_by_content(const char *path)
{
	struct source_file source;
	const struct format *found = read_text_of(&source, path) ? find_format_by_content(&source) : NULL;

	free(source.text);
	return found;
}

static int is_candidate(const struct dirent *entry)
{
	return reading_may_be_table(entry->d_name);
}

/* The first file with a known format decides. */
static const struct format *recognise_folder(const char *path)
{
	const struct format *found = NULL;
	struct dirent **entries = NULL;
	int count = scandir(path, &entries, is_candidate, alphasort);

	for (int i = 0; i < count; i++) {
		char file[PATH_MAX];
		int length = snprintf(file, sizeof(file), "%s/%s", path, entries[i]->d_name);

		free(entries[i]);
		if (found || i >= FOLDER_FILES_MOST || length < 0 || (size_t)length >= sizeof(file))
			continue;
		found = recognise_by_name(file);
		if (!found)
			found = recognise_by_content(file);
	}
	free(entries);
	return found;
}

const struct format *format_recognise(const char *path)
{
	const struct format *found = recognise_by_name(path);
	struct stat status;

	if (!found && strcmp(path, "-") && wait_note_stat(path, &status) == 0 && S_ISDIR(status.st_mode))
		found = recognise_folder(path);
	else if (!found)
		found = recognise_by_content(path);
	return found ? found : fallback_format;
}

/* What cannot be read is for the reader, and so is standard input. */
bool format_is_certain(const struct format *named, const char *path)
{
	struct source_file source = { .file = path };
	const struct format *format = named ? named : recognise_by_name(path);
	struct stat status;
	bool certain;

	if (format)
		return format == fallback_format;
	if (strcmp(path, "-") && wait_note_stat(path, &status) == 0 && S_ISDIR(status.st_mode))
		return false;
	certain = !read_text_of(&source, path) || superd_is_certain(&source);
	free(source.text);
	return certain;
}

void formats_finish(struct reading *reading)
{
	for (size_t i = 0; i < FORMATS; i++) {
		const struct reader *reader = format_reader(&formats[i]);

		if (reader && reader->finish)
			reader->finish(reading);
	}
}
