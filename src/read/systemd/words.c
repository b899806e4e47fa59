/* Splits a unit's value into words.
 *
 * Quotes and escapes are undone before specifiers are replaced, so the value of a specifier is never split and its
 * quotes mean nothing. Source: systemd.syntax(7), "QUOTING". */
#include "read/systemd/internal.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "lib/buf.h"

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
		taken = c_escape_read(text, true, &splitter->word);
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
