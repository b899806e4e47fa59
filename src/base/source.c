/* One file of a table, in memory, with its lines.
 *
 * * The one hard thing: what is read may be anything, a binary, a folder, a fifo, a gigabyte. Everything that
 * is no table is refused here by name and place, so readers meet only lines of text of a bounded length. */
#include "base/source.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"

static bool source_init(struct source *source, const char *file, struct pool *pool, struct diags *diags)
{
	*source = (struct source){ .file = pool_text(pool, file) };
	if (source->file)
		return true;
	diag_error(diags, ((struct origin){ .file = file }), "out of memory");
	return false;
}

bool source_find_lines(struct source *source)
{
	const char *end = source->text + source->length, *at;
	size_t count = 1;

	for (at = source->text; (at = memchr(at, '\n', (size_t)(end - at))); at++)
		count++;
	source->lines = reallocarray(NULL, count, sizeof(*source->lines));
	if (!source->lines)
		return false;
	source->lines[0] = 0;
	source->line_count = 1;
	for (at = source->text; (at = memchr(at, '\n', (size_t)(end - at))); at++)
		source->lines[source->line_count++] = (size_t)(at + 1 - source->text);
	return true;
}

static bool is_refused(unsigned char c)
{
	return c == 0x7f || (c < 0x20 && c != '\t' && c != '\n' && c != '\r' && c != '\f');
}

/* Says what is wrong with a line, its first control character only; false when nothing further is worth reading. */
static bool check_line(const struct source *source, size_t start, size_t end, struct diags *diags)
{
	if (end - start > SOURCE_LINE)
		diag_error(diags, source_origin(source, start),
			   "the line is longer than %u bytes, the most a line may have", SOURCE_LINE);
	for (size_t i = start; i < end; i++) {
		unsigned char c = (unsigned char)source->text[i];

		if (!is_refused(c))
			continue;
		if (!c) {
			diag_error(diags, source_origin(source, i), "a NUL byte: this is no text file");
			return false;
		}
		diag_error(diags, source_origin(source, i), "the control character \\x%02x: a table is plain text", c);
		return true;
	}
	return true;
}

static bool source_check(const struct source *source, struct diags *diags)
{
	size_t errors = diags->errors;
	bool go_on = true;

	if (source->length >= 3 && !memcmp(source->text, "\xef\xbb\xbf", 3))
		diag_error(diags, source_origin(source, 0), "a byte order mark: save the file as UTF-8 without it");
	for (size_t i = 0; i < source->line_count && go_on; i++) {
		bool is_last = i + 1 == source->line_count;

		go_on = check_line(source, source->lines[i],
				   is_last ? source->length : source->lines[i + 1] - 1, diags);
	}
	return diags->errors == errors;
}

/* Takes the text over. */
static bool source_adopt(struct source *source, char *text, size_t length, struct diags *diags)
{
	source->text = text;
	source->length = length;
	if (!source_find_lines(source))
		diag_error(diags, ((struct origin){ .file = source->file }), "out of memory");
	else if (source_check(source, diags))
		return true;
	source_free(source);
	return false;
}

static void refuse_size(const struct source *source, struct diags *diags)
{
	diag_error(diags, ((struct origin){ .file = source->file }),
		   "cannot read: larger than %u MiB, the most a table may have", SOURCE_MOST >> 20);
}

static void refuse_reading(const struct source *source, int error, struct diags *diags)
{
	struct origin at = { .file = source->file };

	if (error == EFBIG) {
		refuse_size(source, diags);
	} else if (error == EINVAL) {
		diag_error(diags, at, "cannot read: not a regular file");
		diags_hint(diags, "what comes from a pipe is read as standard input: -");
	} else {
		diag_error(diags, at, "cannot read: %s", strerror(error));
	}
}

bool source_load(struct source *source, const char *path, struct pool *pool, struct diags *diags)
{
	bool is_stdin = !strcmp(path, "-");
	size_t length;
	char *text;

	if (!source_init(source, is_stdin ? "<stdin>" : path, pool, diags))
		return false;
	if (is_stdin)
		text = fd_read_all(STDIN_FILENO, SOURCE_MOST, &length);
	else
		text = fd_read_file(path, SOURCE_MOST, &length);
	if (!text) {
		refuse_reading(source, errno, diags);
		return false;
	}
	return source_adopt(source, text, length, diags);
}

bool source_from_text(struct source *source, const char *file, const char *text, size_t length,
		      struct pool *pool, struct diags *diags)
{
	char *copy;

	if (!source_init(source, file, pool, diags))
		return false;
	if (length > SOURCE_MOST) {
		refuse_size(source, diags);
		return false;
	}
	copy = calloc(length + 1, 1);
	if (!copy) {
		diag_error(diags, ((struct origin){ .file = source->file }), "out of memory");
		return false;
	}
	if (length)
		memcpy(copy, text, length);
	return source_adopt(source, copy, length, diags);
}

struct origin source_origin(const struct source *source, size_t offset)
{
	size_t low = 0, high = source->line_count;

	if (!high)
		return (struct origin){ .file = source->file };
	if (offset > source->length)
		offset = source->length;
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (source->lines[middle] <= offset)
			low = middle;
		else
			high = middle;
	}
	return (struct origin){
		.file = source->file,
		.line = (unsigned)low + 1,
		.column = (unsigned)(offset - source->lines[low]) + 1,
	};
}

void source_free(struct source *source)
{
	free(source->text);
	free(source->lines);
	source->text = NULL;
	source->lines = NULL;
	source->length = source->line_count = 0;
}
