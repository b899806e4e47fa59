/* Splits a unit's value into words.
 *
 * Quotes and escapes are undone before specifiers are replaced, so the value of a specifier is never split and its
 * quotes mean nothing. Source: systemd.syntax(7), "QUOTING". */
#include "read/systemd/words.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"

#define BLANKS " \t\r\n"

struct word_splitter {
	struct pool *pool;
	const struct unit_names *names;
	const char *value;
	unsigned flags;
	size_t at;                      /* the next byte */
	struct buf word;
	struct unit_word *list;         /* owned */
	size_t count, capacity;
};

static const char colon_refused[] = "superd has no way to name a path with a colon in it";

static bool is_blank(char c)
{
	return c && strchr(BLANKS, c);
}

/* Parses exactly `count` digits of a base. false: there are fewer. */
static bool scan_base_digits(const char *text, size_t count, unsigned base, uint32_t *number)
{
	static const char digits[] = "0123456789abcdef";

	*number = 0;
	for (size_t i = 0; i < count; i++) {
		char c = text[i] >= 'A' && text[i] <= 'F' ? (char)(text[i] | 0x20) : text[i];
		const char *found = c ? strchr(digits, c) : NULL;

		if (!found || (unsigned)(found - digits) >= base)
			return false;
		*number = *number * base + (unsigned)(found - digits);
	}
	return true;
}

/* Whether the number is a Unicode scalar value other than 0. */
static bool is_character(uint32_t c)
{
	return c && c <= 0x10ffff && (c & 0xfffff800) != 0xd800 && (c < 0xfdd0 || c > 0xfdef) && (c & 0xfffe) != 0xfffe;
}

/* Adds a character that an escape gives by its number. Returns the length of the escape behind the backslash; 0: it is
 * no such escape. */
static size_t add_numbered_char(struct buf *out, const char *text)
{
	uint32_t number;

	if (*text == 'x' && scan_base_digits(text + 1, 2, 16, &number) && number) {
		buf_char(out, (char)number);
		return 3;
	}
	if (*text == 'u' && scan_base_digits(text + 1, 4, 16, &number) && is_character(number)) {
		buf_utf8(out, number);
		return 5;
	}
	if (*text == 'U' && scan_base_digits(text + 1, 8, 16, &number) && is_character(number)) {
		buf_utf8(out, number);
		return 9;
	}
	if (scan_base_digits(text, 3, 8, &number) && number && number <= 0xff) {
		buf_char(out, (char)number);
		return 3;
	}
	return 0;
}

/* Adds the character of an escape. Returns its length behind the backslash; 0: it is no escape. */
static size_t add_escaped_char(struct buf *out, const char *text)
{
	static const char letters[] = "abfnrtv\\\"'s", meant[] = "\a\b\f\n\r\t\v\\\"' ";
	const char *found = *text ? strchr(letters, *text) : NULL;

	if (!found)
		return add_numbered_char(out, text);
	buf_char(out, meant[found - letters]);
	return 1;
}

/* Adds a character that means itself behind a backslash. Returns its length; 0: the character does not. */
static size_t add_literal_char(struct word_splitter *splitter, const char *text)
{
	bool means_itself = splitter->flags & UNIT_WORDS_LITERAL ||
		(splitter->flags & UNIT_WORDS_PARTS && *text && strchr(": ", *text));

	if (!*text || !means_itself)
		return 0;
	buf_char(&splitter->word, *text);
	return 1;
}

static bool ends_in_colon(const struct buf *word)
{
	return word->length && word->data[word->length - 1] == ':';
}

static const char *scan_escape(struct word_splitter *splitter)
{
	const char *text = splitter->value + splitter->at + 1;
	size_t taken = add_literal_char(splitter, text);

	if (!taken && !(splitter->flags & UNIT_WORDS_LITERAL))
		taken = add_escaped_char(&splitter->word, text);
	if (taken && splitter->flags & UNIT_WORDS_PARTS && ends_in_colon(&splitter->word))
		return colon_refused;
	if (!taken && !(splitter->flags & UNIT_WORDS_RELAX))
		return "no escape: a backslash itself is written \\\\";
	if (!taken)
		buf_char(&splitter->word, '\\');
	splitter->at += 1 + taken;
	return NULL;
}

/* Adds the text in quotes. Returns NULL, or the message about what is wrong. */
static const char *scan_quoted(struct word_splitter *splitter)
{
	size_t start = splitter->at;
	char quote = splitter->value[splitter->at++];

	while (splitter->value[splitter->at] != quote) {
		const char *wrong = NULL;

		if (!splitter->value[splitter->at]) {
			splitter->at = start;
			return quote == '"' ? "this \" is not closed" : "this ' is not closed";
		}
		if (splitter->value[splitter->at] == '\\')
			wrong = scan_escape(splitter);
		else if (splitter->value[splitter->at] == ':' && splitter->flags & UNIT_WORDS_PARTS &&
			 splitter->flags & UNIT_WORDS_LITERAL)
			wrong = colon_refused;
		else
			buf_char(&splitter->word, splitter->value[splitter->at++]);
		if (wrong)
			return wrong;
	}
	splitter->at++;
	return NULL;
}

/* Scans a word that is just an escaped semicolon, which does not separate commands. false: it is another word. */
static bool scan_escaped_semicolon(struct word_splitter *splitter)
{
	const char *text = splitter->value + splitter->at;

	if (text[0] != '\\' || text[1] != ';' || (text[2] && !is_blank(text[2])))
		return false;
	buf_char(&splitter->word, ';');
	splitter->at += 2;
	return true;
}

/* Scans one word; specifiers stay. */
static const char *scan_word(struct word_splitter *splitter, bool *is_quoted)
{
	const char *wrong = NULL;
	char c;

	*is_quoted = scan_escaped_semicolon(splitter);
	while (!wrong && (c = splitter->value[splitter->at]) && !is_blank(c)) {
		if (c == '"' || c == '\'') {
			*is_quoted = true;
			wrong = scan_quoted(splitter);
		} else if (c == '\\') {
			*is_quoted = true;
			wrong = scan_escape(splitter);
		} else {
			buf_char(&splitter->word, c);
			splitter->at++;
		}
	}
	return wrong;
}

static size_t count_colons(const char *text)
{
	size_t count = 0;

	for (; *text; text++)
		count += *text == ':';
	return count;
}

/* Replaces the specifiers of the word. splitter->at becomes the place of a wrong one, as far as it is known. */
static const char *expand_word(struct word_splitter *splitter, size_t start)
{
	size_t length = splitter->at - start, at = 0;
	bool is_literal = splitter->word.length == length &&
		!memcmp(buf_string(&splitter->word), splitter->value + start, length);
	struct buf out = { 0 };
	const char *wrong;

	if (splitter->flags & UNIT_WORDS_PLAIN)
		return NULL;
	wrong = unit_expand(splitter->names, buf_string(&splitter->word), &out, &at);
	if (!wrong && splitter->flags & UNIT_WORDS_PARTS &&
	    count_colons(buf_string(&out)) > count_colons(buf_string(&splitter->word)))
		wrong = colon_refused;
	if (wrong)
		splitter->at = start + (is_literal ? at : 0);
	buf_clear(&splitter->word);
	buf_text(&splitter->word, buf_string(&out));
	buf_free(&out);
	return wrong;
}

static const char *add_unit_word(struct word_splitter *splitter)
{
	struct unit_word word = { .offset = splitter->at };
	const char *wrong;

	buf_clear(&splitter->word);
	wrong = scan_word(splitter, &word.is_quoted);
	if (!wrong)
		wrong = expand_word(splitter, word.offset);
	word.text = pool_text(splitter->pool, buf_string(&splitter->word));
	if (!wrong)
		array_add(splitter->list, splitter->count, splitter->capacity) = word;
	return wrong;
}

static void skip_blanks(struct word_splitter *splitter)
{
	splitter->at += strspn(splitter->value + splitter->at, BLANKS);
}

const char *unit_split(struct pool *pool, const struct unit_names *names, const char *value, unsigned flags,
		       struct unit_split *split)
{
	struct word_splitter splitter = { .pool = pool, .names = names, .value = value, .flags = flags };
	const char *wrong = NULL;

	skip_blanks(&splitter);
	while (!wrong && value[splitter.at]) {
		wrong = add_unit_word(&splitter);
		if (!wrong)
			skip_blanks(&splitter);
	}
	if (!wrong) {
		split->list = pool_copy(pool, splitter.list, splitter.count * sizeof(*split->list));
		split->count = splitter.count;
	}
	split->wrong_at = wrong ? splitter.at : 0;
	buf_free(&splitter.word);
	free(splitter.list);
	return wrong;
}
