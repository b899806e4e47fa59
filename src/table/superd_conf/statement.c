/* The syntax of superd.conf: tokens, and a parser by recursive descent over them.
 *
 * A comment begins only where a token can begin: /srv//bin and 80#1 are one word each, because otherwise superd would
 * silently cut them short. A quoted text ends on its line unless a backslash ends the line, so a forgotten quote breaks
 * one line and not the rest of the file.
 *
 * After a mistake the parser goes on so that no false errors follow. It supplies a missing token. It skips the line of
 * an option that makes no sense. A keyword of a statement in the first column always begins a statement, so a missing
 * brace breaks one statement alone. The arrays of a statement are emptied between statements but not freed, so a table
 * of ten thousand services costs a handful of allocations. */
#include "table/superd_conf/statement.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "lib/scan.h"
#include "table/reading/reading.h"
#include "table/superd_conf/superd.h"

enum token_kind {
	TOKEN_END,                      /* the end of the text; `wrong` is set if a comment is not closed */
	TOKEN_WORD,                     /* a word without quotes */
	TOKEN_QUOTED,                   /* with its quotes; without a closing one it ends with its line */
	TOKEN_OPEN, TOKEN_CLOSE,        /* { } */
	TOKEN_LEFT, TOKEN_RIGHT,        /* ( ) */
	TOKEN_COMMA, TOKEN_SET, TOKEN_ADD,      /* , = += */
};

/* A token depends on the text and the offset alone, so the parser can look ahead as often as it likes; nothing is
 * reported where tokens are made. Comments and blanks are skipped. */
struct token {
	enum token_kind kind;
	size_t start, end;              /* bytes of the source's text */
	bool on_new_line;               /* a line began between the token before and this one */
	const char *wrong;              /* the message about a mistake in the token itself; NULL: it is right */
	size_t wrong_at, wrong_end;     /* the place of the mistake; the message shows these bytes, if there are any */
};

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

static struct token token_after(const struct source_file *source, size_t offset)
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

/* Whether it is this bare word. */
static bool token_is(const struct source_file *source, struct token token, const char *word)
{
	size_t length = strlen(word);

	return token.kind == TOKEN_WORD && token.end - token.start == length &&
	       memcmp(source->text + token.start, word, length) == 0;
}

static bool token_has_value(struct token token)
{
	return token.kind == TOKEN_WORD || token.kind == TOKEN_QUOTED;
}

static const char *const statement_names[STATEMENTS] = {
	[STATEMENT_SERVICE] = "service", [STATEMENT_DEFAULTS] = "defaults",
	[STATEMENT_INCLUDE] = "include", [STATEMENT_IMPORT] = "import", [STATEMENT_SUPERD] = "superd",
};

/* The kind of statement that begins with this token; -1: none does. */
static int statement_kind_of(const struct source_file *source, struct token token)
{
	for (int kind = 0; kind < STATEMENTS; kind++) {
		if (token_is(source, token, statement_names[kind]))
			return kind;
	}
	return -1;
}

struct split {
	const struct source_file *source;
	struct diags *diags;
	struct statement *statement;
	struct token token;             /* the current one */
	struct token ahead;             /* the one behind it, if it was asked for: callers ask often */
	bool looked_ahead;
	size_t *line;                   /* the splitter's */
	size_t left;                    /* where the token before it ended */
	bool unclosed;                  /* a missing brace or quote was reported: further ones would be false errors */
};

/* Bytes of the source, and a token, as arguments of %.*s in a message. Long ones are cut. */
#define SHOWN 60
#define SHORT(split, start, end) \
	(int)((end) - (start) < SHOWN ? (end) - (start) : SHOWN), (split)->source->text + (start)
#define TEXT(split, token) SHORT(split, (token).start, (token).end)

/* Adds an error. A macro, so that the compiler checks the format that diags_add gets. */
#define COMPLAIN(split, offset, ...) \
	((split)->statement->broken = true, \
	 diag_error((split)->diags, source_origin((split)->source, offset), __VA_ARGS__))

static const struct token *token_ahead(struct split *s)
{
	if (!s->looked_ahead)
		s->ahead = token_after(s->source, s->token.end);
	s->looked_ahead = true;
	return &s->ahead;
}

/* Leaves the current token. A mistake in the token is reported here, and so only once, however often the parser looked
 * at it. */
static void next_token(struct split *s)
{
	const struct token *left = &s->token;

	if (left->wrong && left->wrong_end > left->wrong_at)
		COMPLAIN(s, left->wrong_at, "%s '%.*s'", left->wrong, SHORT(s, left->wrong_at, left->wrong_end));
	else if (left->wrong)
		COMPLAIN(s, left->wrong_at, "%s", left->wrong);
	if (left->wrong && left->wrong_at == left->start)
		s->unclosed = true;
	s->left = left->end;
	s->token = *token_ahead(s);
	s->looked_ahead = false;
}

/* Whether an option or statement begins here: NAME = and NAME +=. */
static bool at_assignment(struct split *s)
{
	enum token_kind next = s->token.kind == TOKEN_WORD ? token_ahead(s)->kind : TOKEN_END;

	return next == TOKEN_SET || next == TOKEN_ADD;
}

/* Whether every open block ends here: at the end of the text, and on a line that begins with a statement. */
static bool at_boundary(struct split *s)
{
	size_t start = s->token.start;
	const struct token *ahead;

	if (s->token.kind == TOKEN_END)
		return true;
	if ((start && s->source->text[start - 1] != '\n') || statement_kind_of(s->source, s->token) < 0)
		return false;
	ahead = token_ahead(s);
	return token_has_value(*ahead) || ahead->kind == TOKEN_OPEN || ahead->kind == TOKEN_LEFT;
}

static void refuse_open(struct split *s, struct token opener, const char *what)
{
	s->statement->broken = true;
	if (!s->unclosed && !s->token.wrong)
		COMPLAIN(s, opener.start, "'{' of %s is not closed: put a '}' where it ends", what);
	s->unclosed = true;
}

/* NULL: out of memory, which sets statement->failed. */
static struct statement_item *add_item(struct split *s, enum item_kind kind, struct token name)
{
	struct statement *statement = s->statement;
	size_t count = statement->item_count;
	struct statement_item *items = array_grow(statement->items, &statement->item_capacity, count, sizeof(*items));

	if (items)
		statement->items = items;
	statement->failed |= !items;
	if (statement->failed)
		return NULL;
	statement->item_count++;
	items[count] = (struct statement_item){
		.kind = kind, .name = { name.start, name.end }, .first = statement->word_count,
		.at = source_origin_near(s->source, name.start, s->line),
	};
	return &items[count];
}

/* The value of the last item is wrong (reported), so its directive must not check it as well. */
static void spoil_item(struct statement *statement)
{
	if (statement->item_count && statement->items[statement->item_count - 1].kind == ITEM_OPTION)
		statement->items[statement->item_count - 1].kind = ITEM_BAD;
}

static void add_word(struct split *s)
{
	struct statement *statement = s->statement;
	size_t count = statement->word_count;
	struct word *grown = array_grow(statement->words, &statement->word_capacity, count, sizeof(*grown));
	struct origin *places = array_grow(statement->word_at, &statement->place_capacity, count, sizeof(*places));

	if (grown)
		statement->words = grown;
	if (places)
		statement->word_at = places;
	statement->failed |= !grown || !places;
	if (statement->failed)
		return;
	grown[count] = (struct word){ s->token.start, s->token.end };
	places[count] = source_origin_near(s->source, s->token.start, s->line);
	statement->word_count++;
	statement->items[statement->item_count - 1].count++;
}

/* Adds the current token as a word of the last item and goes to the next token. */
static void add_current_word(struct split *s)
{
	if (s->token.wrong) {
		spoil_item(s->statement);
		return next_token(s);
	}
	if (s->token.kind == TOKEN_WORD && s->source->text[s->token.end - 1] == ';') {
		COMPLAIN(s, s->token.end - 1, "'%.*s': statements do not end with ';': remove it, or quote the text",
			 TEXT(s, s->token));
		spoil_item(s->statement);
	}
	add_word(s);
	next_token(s);
}

/* Skips { … } with all in it. The current token is the opening brace. */
static void pass_block(struct split *s)
{
	struct token opener = s->token;
	size_t depth = 0;

	do {
		if (s->token.kind == TOKEN_OPEN)
			depth++;
		if (s->token.kind == TOKEN_CLOSE)
			depth--;
		next_token(s);
		if (depth && at_boundary(s))
			return refuse_open(s, opener, "this block");
	} while (depth);
}

/* Skips the rest of the line, but does not leave the block. */
static void pass_line(struct split *s)
{
	while (!s->token.on_new_line && s->token.kind != TOKEN_CLOSE && !at_boundary(s)) {
		if (s->token.kind == TOKEN_OPEN)
			pass_block(s);
		else
			next_token(s);
	}
}

static void refuse_token(struct split *s, const char *right)
{
	COMPLAIN(s, s->token.start, "unexpected '%.*s': %s", TEXT(s, s->token), right);
	if (s->token.kind == TOKEN_OPEN)
		pass_block(s);
	else
		next_token(s);
}

static void read_value_list(struct split *s, struct token name)
{
	struct token opener = s->token;
	bool separated = true;

	next_token(s);
	while (s->token.kind != TOKEN_CLOSE) {
		if (at_boundary(s))
			return refuse_open(s, opener, "this list");
		if (at_assignment(s)) {
			COMPLAIN(s, opener.start, "the list of '%.*s' is not closed: it ends with '}'", TEXT(s, name));
			return;
		}
		if (s->token.kind == TOKEN_COMMA) {
			if (separated)
				COMPLAIN(s, s->token.start, "a value is missing before ','");
			separated = true;
			next_token(s);
		} else if (token_has_value(s->token)) {
			if (!separated)
				COMPLAIN(s, s->token.start, "a ',' is missing before '%.*s'", TEXT(s, s->token));
			separated = false;
			add_current_word(s);
		} else {
			refuse_token(s, "a list is written {a, b}; quote a text that holds signs");
		}
	}
	next_token(s);
}

/* Behind a value only the next option may follow on the same line. */
static void refuse_rest(struct split *s, struct token name)
{
	const char *text = s->source->text;
	bool apart = isdigit((unsigned char)text[s->left - 1]) && isalpha((unsigned char)text[s->token.start]);

	if (s->token.on_new_line || s->token.kind == TOKEN_CLOSE || at_boundary(s) || at_assignment(s) ||
	    token_is(s->source, s->token, "socket"))
		return;
	spoil_item(s->statement);
	COMPLAIN(s, s->token.start, "unexpected '%.*s' after the value of '%.*s': %s", TEXT(s, s->token),
		 TEXT(s, name), apart ? "a number and its unit are one word, as in 2s" :
		 "quote a text that holds blanks or signs, and write several as {a, b}");
	pass_line(s);
}

static void read_value(struct split *s, struct token name)
{
	bool append = s->token.kind == TOKEN_ADD;
	struct statement_item *item;

	next_token(s);
	if (at_boundary(s) || (s->token.on_new_line && at_assignment(s)) ||
	    !(token_has_value(s->token) || s->token.kind == TOKEN_OPEN)) {
		COMPLAIN(s, name.start, "'%.*s' has no value: an option is written NAME = VALUE", TEXT(s, name));
		return pass_line(s);
	}
	item = add_item(s, ITEM_OPTION, name);
	if (!item)
		return pass_line(s);
	item->append = append;
	item->is_list = s->token.kind == TOKEN_OPEN;
	if (item->is_list)
		read_value_list(s, name);
	else
		add_current_word(s);
	refuse_rest(s, name);
}

static void read_body(struct split *s, struct token opener, const char *what, bool in_socket);

static void read_socket(struct split *s, struct token name, bool in_socket)
{
	bool titled = token_has_value(s->token);
	struct token opener = titled ? *token_ahead(s) : s->token;

	if (opener.kind != TOKEN_OPEN) {
		COMPLAIN(s, name.start, "'{' is missing: a socket is written socket NAME { … }");
		return pass_line(s);
	}
	if (!titled)
		COMPLAIN(s, name.start, "the name is missing: write socket NAME { … }");
	if (in_socket || s->statement->kind != STATEMENT_SERVICE) {
		COMPLAIN(s, name.start, "a socket block belongs in a service, not in %s",
			 in_socket ? "a socket" : statement_names[s->statement->kind]);
		if (titled)
			next_token(s);
		return pass_block(s);
	}
	add_item(s, ITEM_SOCKET, name);
	if (titled)
		add_current_word(s);
	next_token(s);
	read_body(s, opener, "this socket", true);
	add_item(s, ITEM_END, name);
}

/* Refuses a word that begins neither NAME = VALUE nor socket NAME {. The current token is the one behind it. */
static void refuse_item(struct split *s, struct token name)
{
	bool titled = token_has_value(s->token) && token_ahead(s)->kind == TOKEN_OPEN;
	bool ends_with_colon = name.end - name.start > 1 && s->source->text[name.end - 1] == ':';

	if (ends_with_colon || token_is(s->source, s->token, ":")) {
		COMPLAIN(s, name.start, "'%.*s': write =, not :", SHORT(s, name.start, name.end - ends_with_colon));
		return pass_line(s);
	}
	if (!titled && s->token.kind != TOKEN_OPEN) {
		COMPLAIN(s, name.start, "'%.*s' needs a '=': write NAME = VALUE",
			 TEXT(s, name));
		return pass_line(s);
	}
	COMPLAIN(s, name.start, "unknown block '%.*s': only socket NAME { … } is allowed here", TEXT(s, name));
	if (titled)
		next_token(s);
	pass_block(s);
}

static void read_item(struct split *s, bool in_socket)
{
	struct token name = s->token;

	if (name.kind != TOKEN_WORD)
		return refuse_token(s, "an option is written NAME = VALUE");
	next_token(s);
	if (s->token.kind == TOKEN_SET || s->token.kind == TOKEN_ADD)
		read_value(s, name);
	else if (token_is(s->source, name, "socket"))
		read_socket(s, name, in_socket);
	else
		refuse_item(s, name);
}

static void read_body(struct split *s, struct token opener, const char *what, bool in_socket)
{
	while (s->token.kind != TOKEN_CLOSE) {
		if (at_boundary(s))
			return refuse_open(s, opener, what);
		read_item(s, in_socket);
	}
	next_token(s);
}

static void read_block(struct split *s, struct token keyword)
{
	bool titled = s->statement->kind == STATEMENT_SERVICE;
	const char *what = titled ? "this service" : statement_names[s->statement->kind];
	struct token opener = keyword;

	if (titled && (!token_has_value(s->token) || at_boundary(s)))
		COMPLAIN(s, keyword.start, "the name is missing: write service NAME { … }");
	else if (titled)
		add_current_word(s);
	if (s->token.kind != TOKEN_OPEN) {
		COMPLAIN(s, keyword.start, "'{' of %s is missing: write %s%s { … }", what,
			 statement_names[s->statement->kind], titled ? " NAME" : "");
		while (token_has_value(s->token) && !at_boundary(s) && !at_assignment(s))
			next_token(s);
	}
	if (s->token.kind == TOKEN_OPEN) {
		opener = s->token;
		next_token(s);
	} else if (!at_assignment(s)) {
		return pass_line(s);
	}
	read_body(s, opener, what, false);
}

static void read_path_statement(struct split *s, struct token keyword)
{
	const char *name = statement_names[s->statement->kind];

	if (s->token.kind == TOKEN_LEFT) {
		next_token(s);
		if (token_has_value(s->token) && !at_boundary(s)) {
			add_current_word(s);
			if (s->token.kind == TOKEN_RIGHT)
				return next_token(s);
		}
	}
	COMPLAIN(s, keyword.start, "%s needs one path in parentheses: %s(\"PATH\")", name, name);
	pass_line(s);
}

static void report_stray_token(struct split *s)
{
	bool is_option = at_assignment(s);
	char word[SHOWN];
	struct scan_nearest nearest = { .name = word, .most = 3 };

	snprintf(word, sizeof(word), "%.*s", TEXT(s, s->token));
	if (s->token.kind == TOKEN_CLOSE) {
		COMPLAIN(s, s->token.start, "unexpected '}': no block is open here");
		return;
	}
	if (is_option)
		COMPLAIN(s, s->token.start, "'%s' is outside of a block: options belong in service NAME { … } "
			 "or defaults { … }, settings of superd itself in superd { … }", word);
	else
		COMPLAIN(s, s->token.start, "unknown statement '%s': known are service, defaults, include, import and "
			 "superd", word);
	for (size_t i = 0; i < STATEMENTS && !is_option; i++)
		scan_nearest_look(&nearest, statement_names[i]);
	if (nearest.word)
		diags_hint(s->diags, "did you mean '%s'?", nearest.word);
}

/* Reports a token that begins no statement, and skips it and the block behind it. */
static void refuse_stray_token(struct split *s)
{
	report_stray_token(s);
	do {
		if (s->token.kind == TOKEN_OPEN)
			return pass_block(s);
		next_token(s);
	} while (!at_boundary(s) && (!s->token.on_new_line || s->token.kind == TOKEN_OPEN) &&
		 statement_kind_of(s->source, s->token) < 0);
}

bool statement_next(struct statement_splitter *splitter, struct statement *statement)
{
	struct split s = {
		.source = splitter->source, .diags = splitter->diags, .statement = statement,
		.token = { .end = splitter->at }, .line = &splitter->line,
	};
	struct token keyword;

	next_token(&s);
	while (s.token.kind != TOKEN_END && statement_kind_of(s.source, s.token) < 0) {
		if (splitter->reading)  /* it may have been meant for defaults */
			reading_note(splitter->reading, (struct note){ NOTE_VITAL,
					.at = source_origin(s.source, s.token.start) });
		refuse_stray_token(&s);
	}
	if (s.token.kind == TOKEN_END) {
		splitter->at = s.token.end;
		if (s.token.wrong)
			COMPLAIN(&s, s.token.wrong_at, "%s", s.token.wrong);
		return false;
	}
	keyword = s.token;
	statement->item_count = statement->word_count = 0;
	statement->broken = false;
	statement->kind = (enum statement_kind)statement_kind_of(s.source, keyword);
	add_item(&s, ITEM_HEAD, keyword);
	s.unclosed = false;
	next_token(&s);
	if (statement->kind == STATEMENT_INCLUDE || statement->kind == STATEMENT_IMPORT)
		read_path_statement(&s, keyword);
	else
		read_block(&s, keyword);
	splitter->at = s.left;
	return !statement->failed;
}

void statement_free(struct statement *statement)
{
	free(statement->items);
	free(statement->words);
	free(statement->word_at);
	*statement = (struct statement){ 0 };
}

bool statement_begins(const struct source_file *source)
{
	return statement_kind_of(source, token_after(source, 0)) >= 0;
}

/* Whether the first option of a block, behind its brace, is one of superd.conf, or written so. */
static bool begins_own_option(const struct source_file *source, size_t at)
{
	static const char *const own[] = { "listen", "exec", "accept", "pass", "builtin" };
	struct token name = token_after(source, at), sign = token_after(source, name.end), value;

	for (size_t n = 0; n < sizeof(own) / sizeof(*own); n++) {
		if (token_is(source, name, own[n]))
			return true;
	}
	if (name.kind != TOKEN_WORD || sign.kind != TOKEN_SET)
		return token_is(source, name, "socket");        /* an empty block is one of xinetd.conf, too */
	value = token_after(source, sign.end);
	return value.kind == TOKEN_QUOTED || value.kind == TOKEN_OPEN;
}

bool superd_is_certain(const struct source_file *source)
{
	struct token keyword = token_after(source, 0), next = token_after(source, keyword.end);
	int kind = statement_kind_of(source, keyword);

	if (kind == STATEMENT_SERVICE && token_has_value(next) && !next.on_new_line)
		next = token_after(source, next.end);
	if (next.on_new_line)
		return false;
	if (kind == STATEMENT_SERVICE || kind == STATEMENT_DEFAULTS)
		return next.kind == TOKEN_OPEN && begins_own_option(source, next.end);
	return (kind == STATEMENT_SUPERD && next.kind == TOKEN_OPEN) ||
	       ((kind == STATEMENT_INCLUDE || kind == STATEMENT_IMPORT) && next.kind == TOKEN_LEFT);
}
