/* The syntax of superd.conf: tokens, and a parser by recursive descent over them.
 *
 * A comment begins only where a token can begin: /srv//bin and 80#1 are one word each, because otherwise superd would
 * silently cut them short. A quoted text ends on its line unless a backslash ends the line, so a forgotten quote breaks
 * one line and not the rest of the file.
 *
 * A mistake ends its statement: the parser goes on behind the brace that closes the statement, or behind the line if it
 * has no braces, or at a keyword of a statement in the first column, which always begins one. So each wrong statement
 * has one message about its syntax, and a missing brace breaks no other. The arrays of a statement are emptied between
 * statements but not freed, so a table of ten thousand services costs a handful of allocations. */
#include "table/reading/reading.h"

enum token_kind {
	TOKEN_END,                      /* the end of the text; `wrong` is set if a comment is not closed */
	TOKEN_WORD,                     /* a word without quotes */
	TOKEN_QUOTED,                   /* with its quotes; without a closing one it ends with its line */
	TOKEN_OPEN, TOKEN_CLOSE,        /* { } */
	TOKEN_LEFT, TOKEN_RIGHT,        /* ( ) */
	TOKEN_COMMA, TOKEN_SET, TOKEN_ADD,      /* , = += */
};

/* A token depends on the text and the offset alone. Comments and blanks are skipped. */
struct token {
	enum token_kind kind;
	size_t start, end;              /* bytes of the source's text */
	bool on_new_line;               /* a line began between the token before and this one */
	struct origin marked;           /* the place that the last mark before it names; file NULL: none */
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
		token.kind = TOKEN_WORD;
		for (; token.end < source->length && !ends_word[(unsigned char)source->text[token.end]]; token.end++) {
			if (source->text[token.end] == '+' && source->text[token.end + 1] == '=')
				break;
		}
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
	int depth;                      /* of open braces, with the current token */
	struct statement_splitter *splitter;
};

/* Bytes of the source, and a token, as arguments of %.*s in a message. Long ones are cut. */
#define SHOWN 60
#define SHORT(split, start, end) \
	(int)((end) - (start) < SHOWN ? (end) - (start) : SHOWN), (split)->source->text + (start)
#define TEXT(split, token) SHORT(split, (token).start, (token).end)

static bool refuse_token(struct split *s, struct token token)
{
	struct origin at = source_origin(s->source, token.wrong_at);

	if (token.wrong_end > token.wrong_at)
		return diags_refuse(s->diags, at, "%s '%.*s'", token.wrong, SHORT(s, token.wrong_at, token.wrong_end));
	return diags_refuse(s->diags, at, "%s", token.wrong);
}

/* Adds an error, unless the current token is wrong in itself, and is false. A macro, so that the compiler checks the
 * format. */
#define REFUSE(split, offset, ...) \
	((split)->statement->broken = true, \
	 (split)->token.wrong ? refuse_token(split, (split)->token) \
			      : diags_refuse((split)->diags, source_origin((split)->source, offset), __VA_ARGS__))

/* Reads a number of at most nine digits and moves *at behind it. false: there is none. */
static bool read_number(const char **at, unsigned *number)
{
	size_t digits = 0;

	for (*number = 0; **at >= '0' && **at <= '9' && digits < 10; digits++)
		*number = *number * 10 + (unsigned)(*(*at)++ - '0');
	return digits && digits < 10;
}

/* Reads a line behind its "# ". The file is that of the mark before it, if it names none; NULL: there is none, or
 * memory ran out. false: it is no mark. */
static bool read_mark(const char *at, const char *end, struct pool *pool, struct place_mark *mark)
{
	size_t length;

	if (!read_number(&at, &mark->at.line) || *at++ != ':' || !read_number(&at, &mark->at.column))
		return false;
	if (at == end)
		return true;
	length = strcspn(++at, " +\n");
	for (enum dialect dialect = 0; dialect < DIALECTS; dialect++) {
		if (scan_is_word(at, length, dialect_words[dialect])) {
			mark->is_foreign = true;
			mark->dialect = dialect;
		}
	}
	at += length;
	mark->is_alone = *at == '+';
	at += mark->is_alone;
	if (*at != ' ')
		return false;
	mark->at.file = pool_text_n(pool, at + 1, (size_t)(end - at - 1));
	return true;
}

/* Takes the marks between two tokens. */
static void take_marks(struct split *s, size_t start, size_t end)
{
	struct statement_splitter *splitter = s->splitter;

	for (size_t next; start < end; start = next + 1) {
		const char *line = s->source->text + start;
		struct place_mark mark = { .at.file = splitter->mark.at.file };

		next = source_line_end(s->source, start);
		if ((start && line[-1] != '\n') || line[0] != '#' || line[1] != ' ' ||
		    !read_mark(line + 2, s->source->text + next, splitter->files, &mark))
			continue;
		s->statement->failed |= !mark.at.file;
		splitter->mark = mark;
	}
}

static void next_token(struct split *s)
{
	size_t end = s->token.end;

	s->token = token_after(s->source, end);
	if (s->splitter->files)
		take_marks(s, end, s->token.start);
	s->token.marked = s->splitter->mark.at;
	s->depth += (s->token.kind == TOKEN_OPEN) - (s->token.kind == TOKEN_CLOSE);
}

/* Whether every open block ends here: at the end of the text, and on a line that begins with a statement. */
static bool at_boundary(const struct split *s)
{
	size_t start = s->token.start;

	return s->token.kind == TOKEN_END ||
	       ((!start || s->source->text[start - 1] == '\n') && statement_kind_of(s->source, s->token) >= 0);
}

static bool at_value(const struct split *s)
{
	return (s->token.kind == TOKEN_WORD || s->token.kind == TOKEN_QUOTED) && !at_boundary(s);
}

/* The place of a name or a value: that of a mark, but for the command line's; else in the text. */
static struct origin place_of(const struct split *s, struct token token)
{
	return token.marked.file && *token.marked.file
		? token.marked : source_origin_near(s->source, token.start, &s->splitter->line);
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
		.at = place_of(s, name),
	};
	return &items[count];
}

/* Adds the current token as a word of the last item, and goes on to the next one. */
static bool add_word(struct split *s)
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
		return false;
	if (s->token.wrong)
		return REFUSE(s, s->token.start, "%s", s->token.wrong);
	if (s->token.kind == TOKEN_WORD && s->source->text[s->token.end - 1] == ';')
		return REFUSE(s, s->token.end - 1,
			      "'%.*s': statements do not end with ';': remove it, or quote the text",
			      TEXT(s, s->token));
	grown[count] = (struct word){ s->token.start, s->token.end };
	places[count] = place_of(s, s->token);
	statement->word_count++;
	statement->items[statement->item_count - 1].count++;
	next_token(s);
	return true;
}

static bool read_value_list(struct split *s, struct token name)
{
	next_token(s);
	while (s->token.kind != TOKEN_CLOSE) {
		if (!at_value(s))
			return REFUSE(s, s->token.start, "unexpected '%.*s' in the list of '%.*s': a list is written "
				      "{a, b}; quote a text that holds signs", TEXT(s, s->token), TEXT(s, name));
		if (!add_word(s))
			return false;
		if (s->token.kind == TOKEN_COMMA)
			next_token(s);
		else if (s->token.kind != TOKEN_CLOSE)
			return REFUSE(s, s->token.start, "a ',' or '}' is missing before '%.*s', in the list of '%.*s'",
				      TEXT(s, s->token), TEXT(s, name));
	}
	next_token(s);
	return true;
}

static bool read_value(struct split *s, struct token name)
{
	bool append = s->token.kind == TOKEN_ADD;
	struct statement_item *item;

	next_token(s);
	if (!at_value(s) && s->token.kind != TOKEN_OPEN)
		return REFUSE(s, name.start, "'%.*s' has no value: an option is written NAME = VALUE", TEXT(s, name));
	item = add_item(s, ITEM_OPTION, name);
	if (!item)
		return false;
	item->append = append;
	item->is_list = s->token.kind == TOKEN_OPEN;
	return item->is_list ? read_value_list(s, name) : add_word(s);
}

static bool read_body(struct split *s, const char *what, bool in_socket);

static bool read_socket(struct split *s, struct token name)
{
	if (!at_value(s))
		return REFUSE(s, name.start, "the name is missing: write socket NAME { … }");
	if (!add_item(s, ITEM_SOCKET, name) || !add_word(s))
		return false;
	if (s->token.kind != TOKEN_OPEN)
		return REFUSE(s, name.start, "'{' is missing: a socket is written socket NAME { … }");
	if (!read_body(s, "this socket", true))
		return false;
	next_token(s);
	return add_item(s, ITEM_END, name);
}

/* Refuses what begins neither NAME = VALUE nor socket NAME {. before: the option in front of it, if there is one. The
 * current token is the one behind it. */
static bool refuse_item(struct split *s, struct token name, const struct statement_item *before)
{
	const char *text = s->source->text;
	bool ends_with_colon = name.end - name.start > 1 && text[name.end - 1] == ':';

	/* Behind a value only the next option may follow on the same line. */
	if (before->kind == ITEM_OPTION && !name.on_new_line && !ends_with_colon) {
		size_t end = s->statement->words[s->statement->word_count - 1].end;
		bool apart = isdigit((unsigned char)text[end - 1]) && isalpha((unsigned char)text[name.start]);

		return REFUSE(s, name.start, "unexpected '%.*s' after the value of '%.*s': %s", TEXT(s, name),
			      SHORT(s, before->name.start, before->name.end),
			      apart ? "a number and its unit are one word, as in 2s"
				    : "quote a text that holds blanks or signs, and write several as {a, b}");
	}
	if (name.kind != TOKEN_WORD)
		return REFUSE(s, name.start, "unexpected '%.*s': an option is written NAME = VALUE", TEXT(s, name));
	if (ends_with_colon || token_is(s->source, s->token, ":"))
		return REFUSE(s, name.start, "'%.*s': write =, not :",
			      SHORT(s, name.start, name.end - ends_with_colon));
	if (token_is(s->source, name, "socket"))
		return REFUSE(s, name.start, "a socket block belongs in a service alone");
	return REFUSE(s, name.start, "'%.*s' needs a '=': write NAME = VALUE, or socket NAME { … }", TEXT(s, name));
}

/* Reads { … } up to its closing brace, which is the current token then. */
static bool read_body(struct split *s, const char *what, bool in_socket)
{
	struct token opener = s->token;

	next_token(s);
	while (s->token.kind != TOKEN_CLOSE) {
		const struct statement_item *before = &s->statement->items[s->statement->item_count - 1];
		struct token name = s->token;
		bool good;

		if (at_boundary(s))
			return REFUSE(s, opener.start, "'{' of %s is not closed: put a '}' where it ends", what);
		if (name.kind == TOKEN_WORD)
			next_token(s);
		if (name.kind == TOKEN_WORD && (s->token.kind == TOKEN_SET || s->token.kind == TOKEN_ADD))
			good = read_value(s, name);
		else if (token_is(s->source, name, "socket") && !in_socket && s->statement->kind == STATEMENT_SERVICE)
			good = read_socket(s, name);
		else
			good = refuse_item(s, name, before);
		if (!good)
			return false;
	}
	return true;
}

static bool read_block(struct split *s, struct token keyword)
{
	bool titled = s->statement->kind == STATEMENT_SERVICE;
	const char *name = statement_names[s->statement->kind], *what = titled ? "this service" : name;

	if (titled && !at_value(s))
		return REFUSE(s, keyword.start, "the name is missing: write service NAME { … }");
	if (titled && !add_word(s))
		return false;
	if (s->token.kind != TOKEN_OPEN)
		return REFUSE(s, keyword.start, "'{' of %s is missing: write %s%s { … }", what, name,
			      titled ? " NAME" : "");
	return read_body(s, what, false);
}

static bool read_path_statement(struct split *s, struct token keyword)
{
	const char *name = statement_names[s->statement->kind];
	bool good = s->token.kind == TOKEN_LEFT;

	if (good)
		next_token(s);
	good = good && at_value(s);
	if (good && !add_word(s))
		return false;
	return (good && s->token.kind == TOKEN_RIGHT) ||
	       REFUSE(s, keyword.start, "%s needs one path in parentheses: %s(\"PATH\")", name, name);
}

/* Refuses a token that begins no statement. */
static void refuse_stray_token(struct split *s)
{
	enum token_kind sign = token_after(s->source, s->token.end).kind;
	char word[SHOWN];
	struct scan_nearest nearest = { .name = word, .most = 3 };

	snprintf(word, sizeof(word), "%.*s", TEXT(s, s->token));
	if (s->token.kind == TOKEN_CLOSE) {
		REFUSE(s, s->token.start, "unexpected '}': no block is open here");
		return;
	}
	if (s->token.kind == TOKEN_WORD && (sign == TOKEN_SET || sign == TOKEN_ADD)) {
		REFUSE(s, s->token.start, "'%s' is outside of a block: options belong in service NAME { … } "
		       "or defaults { … }, settings of superd itself in superd { … }", word);
		return;
	}
	REFUSE(s, s->token.start, "unknown statement '%s': known are service, defaults, include, import and superd",
	       word);
	for (size_t i = 0; i < STATEMENTS; i++)
		scan_nearest_look(&nearest, statement_names[i]);
	if (nearest.word)
		diags_hint(s->diags, "did you mean '%s'?", nearest.word);
}

/* Reads the statement that begins with the current token. */
static void read_statement(struct split *s)
{
	struct token keyword = s->token;
	int kind = statement_kind_of(s->source, keyword);
	bool is_path = kind == STATEMENT_INCLUDE || kind == STATEMENT_IMPORT, ends_with_line = is_path || kind < 0;

	s->statement->item_count = s->statement->word_count = 0;
	s->statement->broken = false;
	s->statement->mark = s->splitter->mark;
	s->depth = -(keyword.kind == TOKEN_CLOSE);
	if (kind < 0) {
		refuse_stray_token(s);
		if (keyword.kind != TOKEN_CLOSE)
			next_token(s);
	} else {
		s->statement->kind = (enum statement_kind)kind;
		add_item(s, ITEM_HEAD, keyword);
		next_token(s);
		if (s->statement->failed || (is_path ? read_path_statement(s, keyword) : read_block(s, keyword)))
			return;
		/* The last option may be what is wrong. */
		s->statement->item_count -= s->statement->items[s->statement->item_count - 1].kind == ITEM_OPTION;
	}
	while (!(s->token.kind == TOKEN_CLOSE && s->depth <= 0) && !at_boundary(s) &&
	       !(ends_with_line && s->token.on_new_line && s->depth <= 0))
		next_token(s);
}

bool statement_next(struct statement_splitter *splitter, struct statement *statement)
{
	struct split s = {
		.source = splitter->source, .diags = splitter->diags, .statement = statement, .splitter = splitter,
	};
	bool is_end, is_stray;

	do {
		s.token.end = splitter->at;
		next_token(&s);
		is_end = s.token.kind == TOKEN_END;
		is_stray = !is_end && statement_kind_of(s.source, s.token) < 0;
		if (is_end && s.token.wrong)
			refuse_token(&s, s.token);
		if (is_stray && splitter->reading)      /* it may have been meant for defaults */
			reading_add_role(splitter->reading, (struct source_role){ ROLE_VITAL,
					.at = source_origin(s.source, s.token.start) });
		if (!is_end)
			read_statement(&s);
		splitter->at = s.token.kind == TOKEN_CLOSE || s.token.kind == TOKEN_RIGHT ? s.token.end : s.token.start;
	} while (is_stray);
	return !is_end && !statement->failed;
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

	if (kind == STATEMENT_SERVICE && (next.kind == TOKEN_WORD || next.kind == TOKEN_QUOTED) && !next.on_new_line)
		next = token_after(source, next.end);
	if (next.on_new_line)
		return false;
	if (kind == STATEMENT_SERVICE || kind == STATEMENT_DEFAULTS)
		return next.kind == TOKEN_OPEN && begins_own_option(source, next.end);
	return (kind == STATEMENT_SUPERD && next.kind == TOKEN_OPEN) ||
	       ((kind == STATEMENT_INCLUDE || kind == STATEMENT_IMPORT) && next.kind == TOKEN_LEFT);
}
