/* Splits a command into words, and quotes words. shell_words_split reads back what shell_words_quote wrote. */
#include "lib/lib.h"

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

/* Adds the inside of a quote to out; moves *at from behind the opening quote to behind the closing one. Returns NULL,
 * or what is wrong. */
static const char *add_quoted(struct buf *out, const char **at, char quote)
{
	const char *text = *at;

	for (; *text != quote; text++) {
		if (quote == '"' && *text == '\\')
			text++;
		if (!*text)
			return quote == '"' ? "a \" is not closed" : "a ' is not closed";
		buf_char(out, *text);
	}
	*at = text + 1;
	return NULL;
}

/* Adds one word and a NUL to out; moves *at from the word's first character to behind its last. Returns NULL, or what
 * is wrong. */
static const char *add_word(struct buf *out, const char **at)
{
	const char *text = *at, *wrong;

	while (*text && !is_blank(*text)) {
		if (*text == '\'' || *text == '"') {
			text++;
			wrong = add_quoted(out, &text, text[-1]);
			if (wrong)
				return wrong;
			continue;
		}
		if (*text == '\\' && !*++text)
			return "nothing follows the last backslash";
		buf_char(out, *text++);
	}
	buf_char(out, '\0');
	*at = text;
	return NULL;
}

const char *shell_words_split_into(struct buf *out, const char *text, size_t *count)
{
	const char *wrong = NULL;

	*count = 0;
	while (is_blank(*text))
		text++;
	for (; *text && !wrong; ++*count) {
		wrong = add_word(out, &text);
		while (is_blank(*text))
			text++;
	}
	return wrong;
}

const char *shell_words_split(struct pool *pool, const char *text, const char *const **out, size_t *count)
{
	const char *const *kept = NULL;
	struct buf words = { 0 };
	size_t found;
	const char *wrong = shell_words_split_into(&words, text, &found), *word = buf_string(&words);
	const char **list = wrong || words.failed ? NULL : calloc(found + 1, sizeof(*list));

	for (size_t n = 0; list && n < found; n++, word += strlen(word) + 1)
		list[n] = word;
	if (list)
		kept = pool_list(pool, list, found);
	if (!wrong && !kept)
		wrong = "out of memory";
	if (!wrong) {
		*out = kept;
		*count = found;
	}
	free(list);
	buf_free(&words);
	return wrong;
}

void shell_words_quote(struct buf *out, const char *word)
{
	if (*word && !strpbrk(word, " \t\n\r\f'\"\\")) {
		buf_text(out, word);
		return;
	}
	if (!strchr(word, '\'')) {
		buf_char(out, '\'');
		buf_text(out, word);
		buf_char(out, '\'');
		return;
	}
	buf_char(out, '"');
	for (; *word; word++) {
		if (*word == '"' || *word == '\\')
			buf_char(out, '\\');
		buf_char(out, *word);
	}
	buf_char(out, '"');
}
