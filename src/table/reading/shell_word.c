/* Finds words of a command that were meant for a shell. Words that a program may well want do not count: a|b, -> and
 * >=5. Source: sh(1p). */
#include "table/reading/shell_word.h"

#include <string.h>

#include "lib/buf.h"
#include "lib/scan.h"
#include "lib/shell_words.h"

/* |, &&, >, 2>&1, >/dev/null … */
static bool is_operator(const char *text)
{
	static const char *const whole[] = { "|", "||", "|&", "&", "&&", "&>", "<<<", "<<", ";" };

	for (size_t n = 0; n < sizeof(whole) / sizeof(*whole); n++) {
		if (!strcmp(text, whole[n]))
			return true;
	}
	text += *text >= '0' && *text <= '9';
	if (*text != '<' && *text != '>')
		return false;
	text += text[0] == '>' && text[1] == '>' ? 2 : 1;
	return !*text || *text == '&' || *text == '/';
}

static bool begins_name(char c)
{
	return c == '_' || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* $NAME, ${NAME} or $(command). */
static bool has_expansion(const char *text, bool fills_variables)
{
	for (const char *at = strchr(text, '$'); at; at = strchr(at + 1, '$')) {
		if (at[1] == '(' || (!fills_variables && (begins_name(at[1]) || (at[1] == '{' && begins_name(at[2])))))
			return true;
	}
	return false;
}

static bool ends_command(const char *text)
{
	size_t length = strlen(text);

	return length > 1 && text[length - 1] == ';';
}

/* sh, bash, dash, ksh, by any path. */
static bool is_shell(const char *word)
{
	size_t length;

	word = scan_base_name(word);
	length = strlen(word);
	return length >= 2 && length <= 5 && !strcmp(word + length - 2, "sh");
}

/* -c, alone or with other options, as in -ec. */
static bool takes_command(const char *word)
{
	return word[0] == '-' && word[1] != '-' && strchr(word, 'c');
}

bool shell_scan_word(struct shell_scan *scan, const char *word, bool is_bare)
{
	bool is_argument = scan->has_program && !scan->is_shells;

	scan->is_shells |= scan->has_shell && takes_command(word);
	scan->has_shell |= is_shell(word);
	scan->has_program = true;
	return is_argument && is_bare &&
		(is_operator(word) || ends_command(word) || strchr(word, '`') ||
		 has_expansion(word, scan->fills_variables));
}

void shell_words_warn(const char *what, const char *program, const char *const *list, const struct origin *places,
		      size_t count, struct diags *diags)
{
	struct shell_scan scan = { 0 };
	bool told_comment = false, told_shell = false;

	shell_scan_word(&scan, program, true);
	for (size_t i = 0; i < count; i++) {
		const char *word = list[i];
		bool is_shells = shell_scan_word(&scan, word, true);

		if (*word == '#' && !told_comment) {
			diag_warning(diags, places[i], "%s: '%s' is passed to the program as an argument", what, word);
			diags_hint(diags, "a comment has a line of its own");
			told_comment = true;
		} else if (is_shells && !told_shell) {
			diag_warning(diags, places[i], SHELL_WORD_WARNING, what, word);
			diags_hint(diags, "write it into a script, and name that here");
			told_shell = true;
		}
	}
}

char *shell_scan_text(struct shell_scan *scan, const char *text)
{
	struct buf word = { 0 };
	char *found = NULL;
	bool is_bare;

	while (!found && shell_words_next(&word, &text, &is_bare)) {
		if (shell_scan_word(scan, buf_string(&word), is_bare))
			found = buf_take(&word);
		buf_clear(&word);
	}
	buf_free(&word);
	return found;
}
