/* The text of a command that the user's shell runs.
 *
 * systemd replaces the variables that it recognises, and joins the words with blanks. The shell reads the result, with
 * its redirections, pipes and own variables ($$NAME). Source: systemd.service(5), "COMMAND LINES". */
#include <string.h>

#include "read/systemd/build.h"
#include "table/reading/shell_word.h"

size_t unit_variable_length(const char *text)
{
	size_t length = 0;

	while (text[length] == '_' || (text[length] >= 'A' && text[length] <= 'Z') ||
	       (text[length] >= 'a' && text[length] <= 'z') || (length && text[length] >= '0' && text[length] <= '9'))
		length++;
	return length;
}

bool unit_is_variable(const char *word)
{
	return word[0] == '$' && word[1] && word[1] != '{' && word[1] != '$';
}

/* Adds one word. The text is a single word for expand_environment, which in a word only replaces ${NAME}. */
static void add_shell_word(struct buf *text, const char *word, bool expands)
{
	bool whole = expands && unit_is_variable(word);

	if (whole && word[1 + unit_variable_length(word + 1)])
		return;
	if (text->length)
		buf_char(text, ' ');
	if (whole)
		buf_addf(text, "${%s}", word + 1);
	else
		buf_text(text, word);
}

const char *unit_shell_text(struct pool *pool, const char *program, const struct unit_word *list, size_t count,
			    bool expands)
{
	struct buf text = { 0 };

	add_shell_word(&text, program, expands);
	for (size_t n = 0; n < count; n++)
		add_shell_word(&text, list[n].text, expands);
	return buf_keep(&text, pool);
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
