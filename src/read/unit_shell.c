/* A command that the user's shell is to run, as a text for it.
 *
 * The hard thing is that the shell must come to the words systemd would hand it: each is quoted, and a variable stands
 * where systemd replaces one, as the shell has the same environment. Source: systemd.service(5), "COMMAND LINES". */
#include <string.h>

#include "read/shell_word.h"
#include "read/unit_draft.h"

static size_t name_length(const char *text)
{
	size_t length = 0;

	while (text[length] == '_' || (text[length] >= 'A' && text[length] <= 'Z') ||
	       (text[length] >= 'a' && text[length] <= 'z') || (length && text[length] >= '0' && text[length] <= '9'))
		length++;
	return length;
}

static void add_word(struct buf *out, const char *word, bool expands)
{
	buf_char(out, '"');
	for (; *word; word++) {
		size_t length = expands && word[0] == '$' && word[1] == '{' ? name_length(word + 2) : 0;

		if (length && word[2 + length] == '}') {
			buf_add(out, word, length + 3);
			word += length + 2;
			continue;
		}
		if (strchr("\"\\$`", *word))
			buf_char(out, '\\');
		buf_char(out, *word);
		if (expands && word[0] == '$' && word[1] == '$')
			word++;
	}
	buf_char(out, '"');
}

/* It begins with a lone $: a variable as a whole, which is split; of an odd name there is none. */
static bool is_variable(const char *word)
{
	return word[0] == '$' && word[1] && word[1] != '{' && word[1] != '$';
}

const char *unit_shell_text(struct pool *pool, const char *program, const struct unit_word *list, size_t count,
			    bool expands)
{
	struct buf text = { 0 };
	const char *kept;

	if (*program)
		add_word(&text, program, false);
	for (size_t n = 0; n < count; n++) {
		const char *word = list[n].text;
		bool whole = expands && is_variable(word);

		if (whole && word[1 + name_length(word + 1)])
			continue;
		if (text.length)
			buf_char(&text, ' ');
		if (whole)
			buf_text(&text, word);
		else
			add_word(&text, word, expands);
	}
	kept = text.failed ? NULL : pool_text(pool, buf_string(&text));
	buf_free(&text);
	return kept;
}

const struct unit_word *unit_shell_operator(const struct unit_word *list, size_t count)
{
	struct shell_scan scan = { .fills_variables = true };   /* as systemd does, unless : says that $ is meant */

	for (size_t n = 0; n < count; n++) {
		if (shell_scan_word(&scan, list[n].text, !list[n].is_quoted))
			return &list[n];
	}
	return NULL;
}
