/* Cuts superd.conf into tokens.
 *
 * A comment begins only where a token can begin: /srv//bin and 80#1 are one word each, because otherwise superd would
 * silently cut them short. A quoted text ends on its line unless a backslash ends the line, so a forgotten quote breaks
 * one line and not the rest of the file. */
#include "table/superd_conf/token.h"

#include <string.h>

/* Classes of bytes. The byte 0 is in both, because superd also looks at files that turn out to be no tables. */
static const bool is_blank[256] = {
	['\0'] = true, [' '] = true, ['\t'] = true, ['\r'] = true, ['\n'] = true, ['\f'] = true, ['\v'] = true,
};
static const bool ends_word[256] = {
	['\0'] = true, [' '] = true, ['\t'] = true, ['\r'] = true, ['\n'] = true, ['\f'] = true, ['\v'] = true,
	['"'] = true, ['\''] = true, ['='] = true, ['{'] = true, ['}'] = true, ['('] = true, [')'] = true, [','] = true,
};

/* Skips a comment at token->start. false: no comment begins there. */
static bool pass_comment(const struct source_file *source, struct token *token)
{
	const char *text = source->text + token->start, *end;

	if (text[0] == '#' || (text[0] == '/' && text[1] == '/')) {
		token->start = source_line_end(source, token->start);
		return true;
	}
	if (text[0] != '/' || text[1] != '*')
		return false;
	end = strstr(text + 2, "*/");
	if (!end) {
		token->wrong = "a comment is not closed: end it with */";
		token->wrong_at = token->start;
		token->start = source->length;
		return true;
	}
	if (memchr(text, '\n', (size_t)(end - text)))
		token->on_new_line = true;
	token->start = (size_t)(end + 2 - source->text);
	return true;
}

static void pass_blanks(const struct source_file *source, struct token *token)
{
	while (token->start < source->length) {
		char c = source->text[token->start];

		if (c == '\n')
			token->on_new_line = true;
		if (is_blank[(unsigned char)c])
			token->start++;
		else if (!pass_comment(source, token))
			return;
	}
}

/* Whether the escape behind a backslash stands for a NUL byte, which would end the text early. */
static bool escape_is_nul(const char *escape)
{
	size_t zeros;

	if (escape[0] == 'x') {
		zeros = strspn(escape + 1, "0");
		return zeros > 1 || (zeros == 1 && !strchr("123456789abcdefABCDEF", escape[2]));
	}
	zeros = strspn(escape, "0");
	return zeros > 2 || (zeros > 0 && (escape[zeros] < '0' || escape[zeros] > '7'));
}

/* Refuses the escape behind the backslash at `at` if it stands for no byte, or for the byte 0. */
static void check_escape(const struct source_file *source, struct token *token, size_t at)
{
	const char *escape = source->text + at + 1;
	size_t digits = strspn(escape, "0123456789"), octal = strspn(escape, "01234567");

	if (escape_is_nul(escape)) {
		token->wrong = "a text cannot contain the byte 0: remove it";
		digits = 0;
	} else if (digits > (octal < 3 ? octal : 3)) {
		token->wrong = "bad escape sequence";
	} else if (digits == 3 && escape[0] > '3') {
		token->wrong = "invalid octal number";
	} else {
		return;
	}
	token->wrong_at = at;
	token->wrong_end = digits ? at + 1 + digits : at;
}

static void scan_quoted(const struct source_file *source, struct token *token)
{
	char quote = source->text[token->start];
	size_t at = token->start + 1;

	token->kind = TOKEN_QUOTED;
	for (; at < source->length && source->text[at] != '\n'; at++) {
		if (source->text[at] == quote) {
			token->end = at + 1;
			return;
		}
		if (source->text[at] != '\\' || at + 1 >= source->length)
			continue;
		if (quote == '"' && !token->wrong)
			check_escape(source, token, at);
		at++;
	}
	token->end = at;
	token->wrong = "a quote is not closed: close it on its line, or end the line with a backslash to continue it";
	token->wrong_at = token->wrong_end = token->start;
}

static void scan_word(const struct source_file *source, struct token *token)
{
	const char *text = source->text;
	size_t at = token->start;

	token->kind = TOKEN_WORD;
	while (at < source->length && !ends_word[(unsigned char)text[at]]) {
		if (text[at] == '+' && text[at + 1] == '=')
			break;
		at++;
	}
	token->end = at;
}

struct token token_after(const struct source_file *source, size_t offset)
{
	static const char signs[] = "{}(),=";
	static const enum token_kind kinds[] = {
		TOKEN_OPEN, TOKEN_CLOSE, TOKEN_LEFT, TOKEN_RIGHT, TOKEN_COMMA, TOKEN_SET,
	};
	struct token token = { .kind = TOKEN_END, .start = offset };
	const char *text, *sign;

	pass_blanks(source, &token);
	token.end = token.start;
	if (token.start >= source->length)
		return token;
	text = source->text + token.start;
	sign = strchr(signs, *text);
	if (sign) {
		token.kind = kinds[sign - signs];
		token.end = token.start + 1;
	} else if (text[0] == '+' && text[1] == '=') {
		token.kind = TOKEN_ADD;
		token.end = token.start + 2;
	} else if (*text == '"' || *text == '\'') {
		scan_quoted(source, &token);
	} else {
		scan_word(source, &token);
	}
	return token;
}

struct token token_look_ahead(struct lookahead *ahead, const struct source_file *source, size_t offset)
{
	if (!ahead->known || ahead->from != offset)
		*ahead = (struct lookahead){ .token = token_after(source, offset), .from = offset, .known = true };
	return ahead->token;
}

bool token_is(const struct source_file *source, struct token token, const char *word)
{
	size_t length = strlen(word);

	return token.kind == TOKEN_WORD && token.end - token.start == length &&
	       memcmp(source->text + token.start, word, length) == 0;
}

bool token_has_value(struct token token)
{
	return token.kind == TOKEN_WORD || token.kind == TOKEN_QUOTED;
}
