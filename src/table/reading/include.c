/* Finds and reads the files of an include.
 *
 * A pattern is relative to the including file. The name of that file's folder is never read as a pattern, whatever
 * characters it has. A folder that superd cannot read is an error and not an empty folder. */
#include "table/reading/include.h"

#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/buf.h"

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

/* Adds the folder of the including file. escape: a backslash goes before each character that means something in a
 * pattern. */
static void add_folder(struct buf *out, const char *file, bool escape)
{
	const char *slash = strrchr(file, '/');

	for (; slash && file <= slash; file++) {
		if (escape && strchr("*?[\\", *file))
			buf_char(out, '\\');
		buf_char(out, *file);
	}
}

/* glob(3) calls this for a folder that it cannot open. A missing folder matches nothing; any other error stops glob. */
static int stop_at_error(const char *path, int error)
{
	(void)path;
	errno = error;
	return error != ENOENT && error != ENOTDIR;
}

static int compare_paths(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* A pattern may match an editor's copy of a file, which the reader's `takes` leaves out. */
static bool is_file_taken(struct reading *reading, const struct reader *reader, const char *path)
{
	const char *slash = strrchr(path, '/'), *kept;

	if (!reader->takes)
		return true;
	kept = pool_text(reading->table->pool, path);
	return !kept || reader->takes(reading, kept, slash ? kept + (slash + 1 - path) : kept);
}

/* Whether the folder of a pattern that matches nothing has files all the same, so that the pattern may be
 * wrong. A folder that is empty or missing is usual: it is for files to come. */
static bool has_other_files(const char *pattern)
{
	const char *slash = strrchr(pattern, '/');
	struct buf all = { 0 };
	glob_t found = { 0 };
	bool any;

	buf_add(&all, pattern, slash ? (size_t)(slash + 1 - pattern) : 0);
	buf_char(&all, '*');
	any = !all.failed && glob(buf_string(&all), GLOB_NOSORT, NULL, &found) == 0;
	globfree(&found);
	buf_free(&all);
	return any;
}

/* Refuses a pattern that matches nothing because its folder has gone with files of the table before. */
static bool refuse_lost_folder(struct reading *reading, const char *pattern, struct origin at)
{
	size_t fixed = strcspn(pattern, "*?[\\");
	struct buf folder = { 0 };
	struct stat status;
	bool is_lost;

	while (fixed && pattern[fixed - 1] != '/')
		fixed--;
	buf_add(&folder, pattern, fixed > 1 ? fixed - 1 : fixed);
	is_lost = folder.length && !folder.failed && stat(buf_string(&folder), &status) < 0 && errno == ENOENT &&
		  reading_refuse_lost_folder(reading, buf_string(&folder), "include", at);
	buf_free(&folder);
	return is_lost;
}

/* Reads all files that match. pattern: with its folder in front. written: as the including file has it, for
 * messages. */
static void include_pattern(struct reading *reading, const struct reader *reader, const char *pattern,
			    const char *written, struct origin at)
{
	glob_t found = { 0 };
	int result;

	errno = 0;
	result = glob(pattern, GLOB_NOSORT, stop_at_error, &found);
	if (result == GLOB_NOSPACE)
		diags_out_of_memory(reading->diags, at);
	else if (result && result != GLOB_NOMATCH)
		diag_error(reading->diags, at, "include: cannot search for %s: %s", written,
			   strerror(errno ? errno : EIO));
	if (result == GLOB_NOMATCH && !refuse_lost_folder(reading, pattern, at) && has_other_files(pattern))
		diag_note(reading->diags, at, "include: %s matches no file, and its folder has others", written);
	if (!result) {
		qsort(found.gl_pathv, found.gl_pathc, sizeof(*found.gl_pathv), compare_paths);
		for (size_t i = 0; i < found.gl_pathc; i++) {
			if (is_file_taken(reading, reader, found.gl_pathv[i]))
				include_file(reading, reader, found.gl_pathv[i], at);
		}
	}
	globfree(&found);
}

void include_files(struct reading *reading, const struct reader *reader, const char *pattern, struct origin at)
{
	bool is_pattern = strpbrk(pattern, "*?[");
	struct buf path = { 0 };

	if (*pattern != '/')
		add_folder(&path, at.file, is_pattern);
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
