/* Finds the language of a table, which the name of its source may say.
 *
 * Languages look alike: a service of superd.conf begins as one of xinetd.conf does. The order of formats[] decides:
 * formats with clear marks come first. superd.conf is last and takes all that no other format recognises. */
#include "read/client/client.h"

#include <dirent.h>
#include <fnmatch.h>

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

const struct format *const format_own = &formats[FORMATS - 1];

_Static_assert(FORMATS == FOREIGN_FORMATS + 1, "superd.conf is the last");

const struct reader *format_reader(const struct format *format)
{
	return format == format_own ? &reader_superd : foreign_readers[format - formats];
}

bool formats_are_linked(void)
{
	return foreign_readers[0];
}

static bool has_usual_name(const struct format *format, const char *path)
{
	size_t end = strlen(path), start;

	for (size_t i = 0; i < sizeof(format->files) / sizeof(*format->files) && format->files[i]; i++) {
		if (fnmatch(format->files[i], scan_base_name(path), 0) == 0)
			return true;
	}
	/* The folder itself, or a file in it. */
	for (int level = 0; format->folder && level < 2; level++, end = start) {
		while (end && path[end - 1] == '/')
			end--;
		for (start = end; start && path[start - 1] != '/';)
			start--;
		if (scan_is_word(path + start, end - start, format->folder))
			return true;
	}
	return false;
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

static const struct format *recognise_by_content(const char *path)
{
	const struct format *found = NULL;
	struct source_file source;
	bool good = read_text_of(&source, path);

	for (size_t i = 0; good && !found && i < FORMATS; i++) {
		const struct reader *reader = format_reader(&formats[i]);

		if (reader && reader->recognises(&source))
			found = &formats[i];
	}
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
	return found ? found : format_own;
}

/* What cannot be read is for the reader, and so is standard input. */
bool format_is_certain(const struct format *named, const char *path)
{
	struct source_file source = { .file = path };
	const struct format *format = named ? named : recognise_by_name(path);
	struct stat status;
	bool certain;

	if (format)
		return format == format_own;
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

/* A path may have a colon, too. The text before the first colon is a format only if it is one word; a file with such a
 * name is written ./NAME. */

/* The length of "FORMAT:" or "FORMAT+COMPAT:" before a path; 0: there is none. *format: the length of FORMAT. */
static size_t measure_prefix(const char *text, size_t *format)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789_";
	size_t end = *format = strspn(text, letters);

	if (text[end] == '+')
		end += 1 + strspn(text + end + 1, letters);
	return *format && text[end] == ':' ? end + 1 : 0;
}

bool source_name_read(struct source_name *name, const char *text, struct diags *diags, struct origin from)
{
	size_t length, prefix = measure_prefix(text, &length);
	const char *compat = text + length + 1;

	*name = (struct source_name){ .compat = COMPAT_NONE, .path = text + prefix };
	for (size_t i = 0; prefix && i < FORMATS; i++) {
		if (scan_is_word(text, length, formats[i].name))
			name->format = &formats[i];
	}
	if (prefix && !name->format) {
		diag_error(diags, from,
			   "%s: there is no format '%.*s': known are superd, inetd, xinetd, systemd and launchd", text,
			   (int)length, text);
		diags_hint(diags, "a file of that name is written ./%s", text);
		return false;
	}
	if (prefix > length + 1) {
		name->compat = compat_find(compat, prefix - length - 2);
		if (name->compat == COMPAT_NONE)
			return diags_refuse(diags, from, "no system '%.*s' is known for compatibility; known are "
					    "openbsd, freebsd, netbsd, gnu, busybox and xinetd",
					    (int)(prefix - length - 2), compat);
		if (!(name->format->compats >> name->compat & 1))
			return diags_refuse(diags, from, "%s has no meaning of its own for files of %s: leave +%s out",
					    compat_names[name->compat], name->format->name, compat_names[name->compat]);
	}
	return *name->path || diags_refuse(diags, from, "a source has no path: it is written [FORMAT:]PATH");
}

const char *source_name_path(const char *text)
{
	size_t format;

	return text + measure_prefix(text, &format);
}
