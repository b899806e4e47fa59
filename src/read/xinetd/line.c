/* Splits lines of xinetd.conf into words.
 *
 * xinetd requires a blank in front of the operator and drops an entry without one; superd reads `name=value` and
 * `name+=value` as attributes. A line that is no attribute may still contain an equal sign, as the path of an
 * include does. */
#include "read/xinetd/line.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/array.h"

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v';
}

static size_t skip_blanks(const char *text, size_t at, size_t end)
{
	while (at < end && is_blank(text[at]))
		at++;
	return at;
}

static size_t skip_word(const char *text, size_t at, size_t end)
{
	while (at < end && !is_blank(text[at]))
		at++;
	return at;
}

static void split_words(struct xinetd_scanner *scanner, size_t at, size_t end)
{
	const char *text = scanner->source->text;

	scanner->count = 0;
	for (at = skip_blanks(text, at, end); at < end; at = skip_blanks(text, at, end)) {
		size_t start = at;

		at = skip_word(text, at, end);
		array_add(scanner->words, scanner->count, scanner->capacity) = (struct xinetd_span){ start, at };
	}
}

/* The length of the operator at this byte; 0: there is none. */
static size_t operator_at(const char *text, size_t at, size_t end, enum xinetd_operator *sign)
{
	if (at < end && text[at] == '=') {
		*sign = OPERATOR_SET;
		return 1;
	}
	if (at + 1 >= end || text[at + 1] != '=' || (text[at] != '+' && text[at] != '-'))
		return 0;
	*sign = text[at] == '+' ? OPERATOR_ADD : OPERATOR_REMOVE;
	return 2;
}

/* Finds the name and operator of an attribute and moves *at behind them. false: the line is no attribute. */
static bool scan_attribute(struct xinetd_scanner *scanner, size_t *at, size_t end)
{
	const char *text = scanner->source->text;
	size_t stop = *at, length;

	while (stop < end && !is_blank(text[stop]) && !operator_at(text, stop, end, &scanner->sign))
		stop++;
	scanner->name = (struct xinetd_span){ *at, stop };
	stop = skip_blanks(text, stop, end);
	length = operator_at(text, stop, end, &scanner->sign);
	if (!length || scanner->name.start == scanner->name.end)
		return false;
	*at = stop + length;
	return true;
}

static void scan_line(struct xinetd_scanner *scanner, size_t at, size_t end)
{
	const char *text = scanner->source->text;

	if (text[at] == '}') {
		scanner->kind = XINETD_CLOSE;
		at++;
	} else if (text[at] == '{' && skip_blanks(text, at + 1, end) == end) {
		scanner->kind = XINETD_OPEN;
		at++;
	} else if (scan_attribute(scanner, &at, end)) {
		scanner->kind = XINETD_ATTRIBUTE;
	} else {
		scanner->kind = XINETD_STATEMENT;
	}
	split_words(scanner, at, end);
}

bool xinetd_line_next(struct xinetd_scanner *scanner)
{
	const struct source_file *source = scanner->source;

	while (scanner->next < source->line_count) {
		size_t line = scanner->next++;
		size_t end = line + 1 < source->line_count ? source->lines[line + 1] - 1 : source->length;
		size_t at = skip_blanks(source->text, source->lines[line], end);

		if (at == end || source->text[at] == '#')
			continue;
		if (source->text[at] == '{' || source->text[at] == '}')
			scanner->name = (struct xinetd_span){ at, at + 1 };
		scan_line(scanner, at, end);
		return true;
	}
	return false;
}

bool xinetd_span_is(const struct source_file *source, struct xinetd_span span, const char *word)
{
	size_t length = span.end - span.start;

	return strlen(word) == length && !strncasecmp(source->text + span.start, word, length);
}

bool xinetd_line_begins_entry(const struct xinetd_scanner *scanner)
{
	static const char *const keywords[] = { "service", "defaults", "include", "includedir" };

	for (size_t i = 0; scanner->kind == XINETD_STATEMENT && i < sizeof(keywords) / sizeof(*keywords); i++) {
		if (xinetd_span_is(scanner->source, scanner->words[0], keywords[i]))
			return true;
	}
	return false;
}

void xinetd_scanner_free(struct xinetd_scanner *scanner)
{
	free(scanner->words);
	scanner->words = NULL;
	scanner->count = scanner->capacity = 0;
}
