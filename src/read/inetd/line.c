/* Splits a line into words.
 *
 * A line that begins with a blank continues the line before it, across comments. That also holds if the line before is
 * wrong; otherwise superd would read half a line as a service. */
#include "read/inetd/line.h"

#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "lib/buf.h"

bool inetd_is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\f';
}

static size_t skip_blanks(const struct source_file *source, size_t at, size_t end)
{
	while (at < end && inetd_is_blank(source->text[at]))
		at++;
	return at;
}

static void add_word(struct inetd_line *line, struct pool *pool, const char *text, size_t length, struct origin at)
{
	array_add(line->words, line->count, line->capacity) =
		(struct inetd_word){ .text = pool_text_n(pool, text, length), .at = at };
}

static bool opens_quote(const struct inetd_cutter *cutter, char c, bool first)
{
	enum inetd_quoting quoting = cutter->dialect->quoting;

	return (c == '"' || c == '\'') && quoting != QUOTING_NONE && (first || quoting != QUOTING_WHOLE);
}

/* Adds the text of the quotes that open at `at`. Returns the offset behind them; 0: they are not closed. */
static size_t scan_quoted(const struct inetd_cutter *cutter, size_t at, size_t end, struct buf *out)
{
	const char *text = cutter->source->text;
	char quote = text[at++];

	for (; at < end && text[at] != quote; at++) {
		if (cutter->dialect->quoting == QUOTING_FULL && quote == '"' && text[at] == '\\' && at + 1 < end &&
		    strchr("\"\\", text[at + 1]))
			at++;
		buf_char(out, text[at]);
	}
	return at < end ? at + 1 : 0;
}

static bool refuse_quote(const struct inetd_cutter *cutter, size_t at)
{
	diag_error(cutter->diags, source_origin(cutter->source, at), "a %c is not closed on its line",
		   cutter->source->text[at]);
	diags_hint(cutter->diags,
		   "put a literal quote in quotes of the other kind; OpenBSD's and "
		   "busybox's inetd know no quotes: inetd+openbsd:PATH reads the file as they do");
	return false;
}

/* Adds the word at *at and moves *at behind it. */
static bool scan_line_word(struct inetd_line *line, const struct inetd_cutter *cutter, size_t *at, size_t end)
{
	const char *text = cutter->source->text;
	size_t start = *at, next;
	struct buf word = { 0 };

	while (*at < end && !inetd_is_blank(text[*at]) && text[*at] != '"' && text[*at] != '\'')
		++*at;
	if (*at == end || inetd_is_blank(text[*at])) {
		add_word(line, cutter->pool, text + start, *at - start,
			       source_origin_near(cutter->source, start, &line->near));
		return true;
	}
	buf_add(&word, text + start, *at - start);
	while (*at < end && !inetd_is_blank(text[*at])) {
		if (!opens_quote(cutter, text[*at], *at == start)) {
			buf_char(&word, text[(*at)++]);
			continue;
		}
		line->has_quotes = true;
		next = scan_quoted(cutter, *at, end, &word);
		if (!next) {
			buf_free(&word);
			return refuse_quote(cutter, *at);
		}
		*at = next;
		if (cutter->dialect->quoting == QUOTING_WHOLE)
			break;
	}
	add_word(line, cutter->pool, buf_string(&word), word.length,
		       source_origin_near(cutter->source, start, &line->near));
	buf_free(&word);
	return true;
}

/* Whether `at` has a backslash that is the last word of its line. */
static bool is_joint(const struct inetd_cutter *cutter, size_t at, size_t end)
{
	return cutter->joins && cutter->source->text[at] == '\\' && skip_blanks(cutter->source, at + 1, end) == end;
}

/* Adds the words of one line of the text. *joined is set if a backslash at its end continues it. */
static bool scan_line(struct inetd_line *line, const struct inetd_cutter *cutter, size_t at, size_t end, bool *joined)
{
	while ((at = skip_blanks(cutter->source, at, end)) < end) {
		if (is_joint(cutter, at, end)) {
			*joined = true;
			return true;
		}
		if (!scan_line_word(line, cutter, &at, end))
			return false;
	}
	return true;
}

static bool ends_joined(const struct inetd_cutter *cutter, size_t start, size_t end)
{
	while (end > start && inetd_is_blank(cutter->source->text[end - 1]))
		end--;
	return cutter->joins && end - start >= 2 && cutter->source->text[end - 1] == '\\' &&
		inetd_is_blank(cutter->source->text[end - 2]);
}

bool inetd_line_read(struct inetd_line *line, const struct inetd_cutter *cutter, size_t at)
{
	const struct source_file *source = cutter->source;
	bool ok = true, joined = false, first = true;

	line->count = 0;
	line->has_quotes = false;
	for (;; first = false) {
		size_t end = source_line_end(source, at), start = skip_blanks(source, at, end);
		bool is_comment = !first && start < end && source->text[start] == '#';

		if (first)
			line->at = source_origin_near(source, start, &line->near);
		joined = false;
		if (ok && !is_comment)
			ok = scan_line(line, cutter, start, end, &joined);
		else if (!is_comment)
			joined = ends_joined(cutter, start, end);
		at = end + 1;
		if (at >= source->length ||
		    (!joined && !(cutter->dialect->continues && (source->text[at] == ' ' || source->text[at] == '\t'))))
			break;
	}
	line->end = at < source->length ? at : source->length;
	return ok;
}

void inetd_line_free(struct inetd_line *line)
{
	free(line->words);
	*line = (struct inetd_line){ 0 };
}
