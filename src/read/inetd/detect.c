/* Recognises an inetd.conf by its content: a line whose second and fourth words fit an entry, or NetBSD's "on" and a
 * key, which the reader refuses.
 *
 * Packages install tables with all services commented out, so comments count too. */
#include <string.h>

#include "read/inetd/entry.h"
#include "read/inetd/inetd.h"

#define WORDS 4

struct inetd_token {
	const char *text;
	size_t length;
};

static bool token_begins_with(const struct inetd_token *token, const char *word)
{
	size_t length = strlen(word);

	return token->length >= length && !memcmp(token->text, word, length);
}

static bool is_type(const struct inetd_token *token)
{
	static const char *const types[] = { "stream", "dgram", "raw", "rdm", "seqpacket" };

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		size_t length = strlen(types[i]);

		if (token_begins_with(token, types[i]) &&
		    (token->length == length || strchr(",:", token->text[length])))
			return true;
	}
	return false;
}

static bool is_switch(const struct inetd_token *token)
{
	return (token->length == 2 && token_begins_with(token, "on")) ||
		(token->length == 3 && token_begins_with(token, "off"));
}

static size_t split_tokens(const char *text, const char *end, struct inetd_token *tokens)
{
	size_t count = 0;

	while (count < WORDS) {
		const char *start;

		while (text < end && strchr(" \t\r\f", *text))
			text++;
		if (text == end)
			break;
		for (start = text; text < end && !strchr(" \t\r\f", *text);)
			text++;
		tokens[count++] = (struct inetd_token){ start, (size_t)(text - start) };
	}
	return count;
}

bool inetd_begins_entry(const char *text, const char *end)
{
	struct inetd_token tokens[WORDS];
	size_t count = split_tokens(text, end, tokens);

	if (count >= 2 && is_switch(&tokens[1]))
		return count == 2 || (count == WORDS && tokens[3].text[0] == '=') ||
			memchr(tokens[2].text, '=', tokens[2].length);
	return count == WORDS && is_type(&tokens[1]) &&
		(token_begins_with(&tokens[3], "wait") || token_begins_with(&tokens[3], "nowait"));
}

/* Skips the marks that comment a line out: "#", "##", "#<off># ". */
static const char *skip_marks(const char *text, const char *end)
{
	while (text < end && *text == '#') {
		text++;
		if (end - text >= 6 && !memcmp(text, "<off>#", 6))
			text += 6;
	}
	return text;
}

bool inetd_recognises(const struct source_file *source)
{
	const char *text = source->text, *end = text + source->length;
	bool off = false;

	while (text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		const char *stop = newline ? newline : end;

		if (*text != '#' && inetd_begins_entry(text, stop))
			return true;
		off |= *text == '#' && inetd_begins_entry(skip_marks(text, stop), stop);
		text = stop + 1;
	}
	return off;
}
