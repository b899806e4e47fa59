/* The parser of superd.conf, by recursive descent over table/superd_conf/token.
 *
 * After a mistake the parser goes on so that no false errors follow. It supplies a missing token. It skips the line of
 * an option that makes no sense. A keyword of a statement in the first column always begins a statement, so a missing
 * brace breaks one statement alone. */
#include "table/superd_conf/statement.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "lib/scan.h"
#include "table/reading/reading.h"
#include "table/superd_conf/token.h"

struct split {
	const struct source_file *source;
	struct diags *diags;
	struct statement *statement;
	struct token token;             /* the current one */
	struct lookahead ahead;
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

static struct token token_ahead(struct split *s)
{
	return token_look_ahead(&s->ahead, s->source, s->token.end);
}

/* Leaves the current token. A mistake in the token is reported here, and so only once, however often the parser looked
 * at it. */
static void next_token(struct split *s)
{
	struct token left = s->token;

	s->left = left.end;
	s->token = token_ahead(s);
	if (!left.wrong)
		return;
	if (left.wrong_end > left.wrong_at)
		COMPLAIN(s, left.wrong_at, "%s '%.*s'", left.wrong, SHORT(s, left.wrong_at, left.wrong_end));
	else
		COMPLAIN(s, left.wrong_at, "%s", left.wrong);
	if (left.wrong_at == left.start)
		s->unclosed = true;
}

/* Whether an option or statement begins here: NAME = and NAME +=. */
static bool at_assignment(struct split *s)
{
	enum token_kind next = s->token.kind == TOKEN_WORD ? token_ahead(s).kind : TOKEN_END;

	return next == TOKEN_SET || next == TOKEN_ADD;
}

/* Whether every open block ends here: at the end of the text, and on a line that begins with a statement. */
static bool at_boundary(struct split *s)
{
	size_t start = s->token.start;
	struct token ahead;

	if (s->token.kind == TOKEN_END)
		return true;
	if ((start && s->source->text[start - 1] != '\n') || statement_kind_of(s->source, s->token) < 0)
		return false;
	ahead = token_ahead(s);
	return token_has_value(ahead) || ahead.kind == TOKEN_OPEN || ahead.kind == TOKEN_LEFT;
}

static void refuse_open(struct split *s, struct token opener, const char *what)
{
	s->statement->broken = true;
	if (!s->unclosed && !s->token.wrong)
		COMPLAIN(s, opener.start, "'{' of %s is not closed: put a '}' where it ends", what);
	s->unclosed = true;
}

static struct statement_item *add_item(struct split *s, enum item_kind kind, struct token name)
{
	return statement_add_item(s->statement, kind, (struct word){ name.start, name.end },
				  source_origin_near(s->source, name.start, s->line));
}

/* The value of the last item is wrong (reported), so its directive must not check it as well. */
static void spoil_item(struct statement *statement)
{
	if (statement->item_count && statement->items[statement->item_count - 1].kind == ITEM_OPTION)
		statement->items[statement->item_count - 1].kind = ITEM_BAD;
}

/* Adds the current token as a word of the last item and goes to the next token. */
static void add_current_word(struct split *s)
{
	struct statement *statement = s->statement;

	if (s->token.wrong) {
		spoil_item(statement);
		return next_token(s);
	}
	if (s->token.kind == TOKEN_WORD && s->source->text[s->token.end - 1] == ';') {
		COMPLAIN(s, s->token.end - 1, "'%.*s': statements do not end with ';': remove it, or quote the text",
			 TEXT(s, s->token));
		spoil_item(statement);
	}
	statement_add_word(statement, (struct word){ s->token.start, s->token.end },
			   source_origin_near(s->source, s->token.start, s->line));
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
	struct token opener = titled ? token_ahead(s) : s->token;

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
	bool titled = token_has_value(s->token) && token_ahead(s).kind == TOKEN_OPEN;
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
	for (size_t i = 0; i < STATEMENTS && !is_option; i++) {
		if (scan_distance(word, statement_names[i], 2) <= 2)
			diags_hint(s->diags, "did you mean '%s'?", statement_names[i]);
	}
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
			reading_mark_vital(splitter->reading, source_origin(s.source, s.token.start));
		refuse_stray_token(&s);
	}
	if (s.token.kind == TOKEN_END) {
		splitter->at = s.token.end;
		if (s.token.wrong)
			COMPLAIN(&s, s.token.wrong_at, "%s", s.token.wrong);
		return false;
	}
	keyword = s.token;
	statement_clear(statement);
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
