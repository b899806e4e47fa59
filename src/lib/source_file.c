/* One file of a table in memory, with an index of its lines.
 *
 * The path may name a binary, a directory, a fifo or a file of a gigabyte. source_load refuses all of them by name and
 * place, so readers see only text, with lines of a bounded length. */
#include "lib/lib.h"

#define BYTE_ORDER_MARK "\xef\xbb\xbf"  /* U+FEFF in UTF-8 */

bool source_find_lines(struct source_file *source)
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

static bool is_forbidden(unsigned char c)
{
	return c == 0x7f || (c < 0x20 && c != '\t' && c != '\n' && c != '\r' && c != '\f');
}

bool source_refuse_flaw(const struct source_file *source, size_t start, size_t end, struct diags *diags)
{
	char limit[SIZE_TEXT_MOST];
	size_t at = start;

	if (end > start && source->text[end - 1] == '\n')
		end--;
	while (at < end && !is_forbidden((unsigned char)source->text[at]))
		at++;
	if (end - start > SOURCE_LINE)
		diag_error(diags, source_origin(source, start), "the line is longer than %s, the most a line may have",
			   size_write(limit, SOURCE_LINE));
	else if (at < end)
		diag_error(diags, source_origin(source, at),
			   "the control character \\x%02x: a configuration is plain text",
			   (unsigned char)source->text[at]);
	return at < end || end - start > SOURCE_LINE;
}

/* A NUL shows that the file is not text. */
static bool is_text(const struct source_file *source, struct diags *diags)
{
	const char *nul = memchr(source->text, '\0', source->length);

	if (nul)
		diag_error(diags, source_origin(source, (size_t)(nul - source->text)),
			   "a NUL byte: this is no text file");
	return !nul;
}

bool source_drop_mark(struct source_file *source)
{
	if (source->length < 3 || memcmp(source->text, BYTE_ORDER_MARK, 3) != 0)
		return false;
	source->length -= 3;
	memmove(source->text, source->text + 3, source->length + 1);
	return true;
}

static bool split_lines(struct source_file *source, struct diags *diags)
{
	if (source_find_lines(source))
		return true;
	source_free(source);
	return diags_out_of_memory(diags, (struct origin){ .file = source->file });
}

static void refuse_reading(const struct source_file *source, int error, struct diags *diags)
{
	struct origin at = { .file = source->file };
	char limit[SIZE_TEXT_MOST];

	if (error == EFBIG) {
		diag_error(diags, at, "cannot read: larger than %s, the most a configuration may have",
			   size_write(limit, SOURCE_MOST));
	} else if (error == EINVAL) {
		diag_error(diags, at, "cannot read: not a regular file");
		diags_hint(diags, "read a pipe as standard input: -");
	} else {
		diag_error(diags, at, "cannot read: %s", strerror(error));
	}
}

static bool free_unless(bool good, struct source_file *source)
{
	if (!good)
		source_free(source);
	return good;
}

static bool load_file(struct source_file *source, const char *path, struct pool *pool, struct diags *diags)
{
	bool is_stdin = !strcmp(path, "-");

	*source = (struct source_file){ .file = pool_text(pool, is_stdin ? "<stdin>" : path) };
	if (!source->file)
		return diags_out_of_memory(diags, (struct origin){ .file = path });
	wait_note("the file", path);
	source->text = is_stdin ? fd_read_all(STDIN_FILENO, SOURCE_MOST, &source->length)
				: fd_read_file(path, SOURCE_MOST, &source->length);
	wait_note(NULL, NULL);
	if (!source->text)
		refuse_reading(source, errno, diags);
	return source->text;
}

bool source_load(struct source_file *source, const char *path, struct pool *pool, struct diags *diags)
{
	size_t errors = diags->errors;

	if (!load_file(source, path, pool, diags) || !split_lines(source, diags))
		return false;
	if (is_text(source, diags)) {
		if (source->length >= 3 && !memcmp(source->text, BYTE_ORDER_MARK, 3))
			diag_error(diags, source_origin(source, 0),
				   "a byte order mark: save the file as UTF-8 without it");
		for (size_t n = 0; n < source->line_count; n++)
			source_refuse_flaw(source, source->lines[n], source_line_end(source, source->lines[n]), diags);
	}
	return free_unless(diags->errors == errors, source);
}

bool source_load_bytes(struct source_file *source, const char *path, struct pool *pool, struct diags *diags)
{
	return load_file(source, path, pool, diags) && split_lines(source, diags);
}

bool source_load_in_parts(struct source_file *source, const char *path, struct pool *pool, struct diags *diags)
{
	bool is_marked = load_file(source, path, pool, diags) && source_drop_mark(source);

	if (!source->text || !split_lines(source, diags) || !free_unless(is_text(source, diags), source))
		return false;
	if (is_marked)
		diag_warning(diags, source_origin(source, 0), "a byte order mark: it means nothing here");
	return true;
}

struct origin source_origin_near(const struct source_file *source, size_t offset, size_t *line)
{
	size_t low = *line < source->line_count && source->lines[*line] <= offset ? *line : 0;
	size_t step = 1, high;

	if (!source->line_count)
		return (struct origin){ .file = source->file };
	if (offset > source->length)
		offset = source->length;
	while (low + step < source->line_count && source->lines[low + step] <= offset)
		step *= 2;
	high = low + step < source->line_count ? low + step : source->line_count;
	*line = low + array_floor(source->lines + low, high - low, sizeof(*source->lines), offset);
	return (struct origin){
		.file = source->file,
		.line = (unsigned)*line + 1,
		.column = (unsigned)(offset - source->lines[*line]) + 1,
	};
}

size_t source_next_word(const char *text, size_t *at, size_t end)
{
	size_t stop;

	while (*at < end && source_is_blank(text[*at]))
		++*at;
	for (stop = *at; stop < end && !source_is_blank(text[stop]);)
		stop++;
	return stop - *at;
}

size_t source_line_end(const struct source_file *source, size_t at)
{
	const char *newline = memchr(source->text + at, '\n', source->length - at);

	return newline ? (size_t)(newline - source->text) : source->length;
}

struct origin source_origin(const struct source_file *source, size_t offset)
{
	size_t line = 0;

	return source_origin_near(source, offset, &line);
}

void source_free(struct source_file *source)
{
	free(source->text);
	free(source->lines);
	source->text = NULL;
	source->lines = NULL;
	source->length = source->line_count = 0;
}
