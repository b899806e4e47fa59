/* superd.conf: its tokens, and a parser by recursive descent over them, which gives each option to a builder.
 *
 * A comment begins only where a token can begin: /srv//bin and 80#1 are one word each, because otherwise superd would
 * silently cut them short. A quoted text ends on its line unless a backslash ends the line, so a forgotten quote breaks
 * one line and not the rest of the file.
 *
 * A mistake ends its statement: the parser goes on behind the brace that closes the statement, or behind the line if it
 * has no braces, or at a keyword of a statement in the first column, which always begins one. So each wrong statement
 * has one message about its syntax, and a missing brace breaks no other. The options in front of the mistake are
 * checked all the same: they are set in the builder, which is freed then, as superd never runs a broken service. */
#include "table/reading/reading.h"

#include "table/reading/values.h"

/* The most options of a statement. The builder searches each option among those before it, so time grows with the
 * square. */
#define ITEMS_MOST 4096

/* Bounds of what superd-read writes for one table: services, each of which takes some KiB, however short its text is;
 * and words that += makes anew, as it does with all of its list: an eighth of it is a list of 2000 words that has a
 * line for each. */
#define SERVICES_MOST 100000
#define ADDED_MOST (1u << 24)

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

enum statement_kind {
	STATEMENT_SERVICE, STATEMENT_DEFAULTS, STATEMENT_INCLUDE, STATEMENT_IMPORT, STATEMENT_SUPERD, STATEMENTS
};

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

/* Who has written a text. */
enum writer {
	WRITER_USER,
	WRITER_SUPERD,                  /* itself, for the next one */
	WRITER_READ                     /* superd-read, for this one */
};

/* A source while it is read. The arrays are emptied between options but not freed, so a table of ten thousand services
 * costs a handful of allocations. */
struct parser {
	struct reading *reading;
	struct diags *diags;            /* mistakes of the text */
	const struct source_file *source;
	enum writer writer;
	struct token token;             /* the current one */
	size_t line;                    /* of the last place, where the search for the next one begins */
	/* The last mark, which superd-read and superd itself write in front of a service and of its values
	 * (table/services/service_conf.c). at: where that stands in the sources; file "": the command line; NULL: there
	 * is none. And of a service is_foreign, dialect and is_alone. In a file of a user's a mark is a comment. */
	struct service mark;
	bool failed;                    /* out of memory */
	/* The statement: */
	enum statement_kind kind;
	size_t start;                   /* its first byte */
	struct origin at;
	struct service_builder *builder;        /* gets its options; NULL: they are not looked at */
	int depth;                      /* of open braces, with the current token */
	size_t item_count, all_words;   /* options, and where sockets begin and end; words of all its options */
	bool broken;                    /* a mistake was reported: it must not be run */
	/* Its last option, or the word behind its keyword: */
	struct token name;              /* TOKEN_END: the option is set already */
	struct origin name_at;
	bool is_list;                   /* the value is written {a, b} */
	bool append;                    /* the operator is += */
	struct word *words;
	struct origin *word_at;         /* the place of each word */
	size_t word_count, word_capacity, place_capacity;
	struct values values;
};

/* Bytes of the source, and a token, as arguments of %.*s in a message. Long ones are cut. */
#define SHOWN 60
#define SHORT(parser, start, end) \
	(int)((end) - (start) < SHOWN ? (end) - (start) : SHOWN), (parser)->source->text + (start)
#define TEXT(parser, token) SHORT(parser, (token).start, (token).end)

static bool refuse_token(struct parser *p, struct token token)
{
	struct origin at = source_origin(p->source, token.wrong_at);

	if (token.wrong_end > token.wrong_at)
		return diags_refuse(p->diags, at, "%s '%.*s'", token.wrong, SHORT(p, token.wrong_at, token.wrong_end));
	return diags_refuse(p->diags, at, "%s", token.wrong);
}

/* Adds an error, unless the current token is wrong in itself, and is false. A macro, so that the compiler checks the
 * format. */
#define REFUSE(parser, offset, ...) \
	((parser)->broken = true, \
	 (parser)->token.wrong ? refuse_token(parser, (parser)->token) \
			      : diags_refuse((parser)->diags, source_origin((parser)->source, offset), __VA_ARGS__))

/* Reads a number of at most nine digits and moves *at behind it. false: there is none. */
static bool read_number(const char **at, unsigned *number)
{
	size_t digits = strspn(*at, "0123456789");
	bool good = scan_unsigned(*at, digits, 999999999, number);

	*at += digits;
	return good;
}

/* Reads a line behind its "# ". The file is that of the mark before it, if it names none; NULL: there is none, or
 * memory ran out. false: it is no mark. */
static bool read_mark(const char *at, const char *end, struct pool *pool, struct service *mark)
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
			mark->dialect = dialect & 7;
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
static void take_marks(struct parser *p, size_t start, size_t end)
{
	for (size_t next; start < end; start = next + 1) {
		const char *line = p->source->text + start;
		struct service mark = { .at.file = p->mark.at.file };

		next = source_line_end(p->source, start);
		if ((start && line[-1] != '\n') || line[0] != '#' || line[1] != ' ' ||
		    !read_mark(line + 2, p->source->text + next, p->reading->table->pool, &mark))
			continue;
		p->failed |= !mark.at.file;
		p->mark = mark;
	}
}

static void next_token(struct parser *p)
{
	size_t end = p->token.end;

	p->token = token_after(p->source, end);
	if (p->writer != WRITER_USER)
		take_marks(p, end, p->token.start);
	p->token.marked = p->mark.at;
	p->depth += (p->token.kind == TOKEN_OPEN) - (p->token.kind == TOKEN_CLOSE);
}

/* Whether every open block ends here: at the end of the text, and on a line that begins with a statement. */
static bool at_boundary(const struct parser *p)
{
	size_t start = p->token.start;

	return p->token.kind == TOKEN_END ||
	       ((!start || p->source->text[start - 1] == '\n') && statement_kind_of(p->source, p->token) >= 0);
}

static bool at_value(const struct parser *p)
{
	return (p->token.kind == TOKEN_WORD || p->token.kind == TOKEN_QUOTED) && !at_boundary(p);
}

/* The place of a name or a value: that of a mark, but for the command line's; else in the text. */
static struct origin place_of(struct parser *p, struct token token)
{
	return token.marked.file && *token.marked.file
		? token.marked : source_origin_near(p->source, token.start, &p->line);
}

/* Adds the current token as a word of the option, and goes on to the next one. */
static bool add_word(struct parser *p)
{
	struct word *grown = array_grow(p->words, &p->word_capacity, p->word_count, sizeof(*grown));
	struct origin *places = array_grow(p->word_at, &p->place_capacity, p->word_count, sizeof(*places));

	if (grown)
		p->words = grown;
	if (places)
		p->word_at = places;
	p->failed |= !grown || !places;
	if (p->failed)
		return false;
	if (p->token.wrong)
		return REFUSE(p, p->token.start, "%s", p->token.wrong);
	if (p->token.kind == TOKEN_WORD && p->source->text[p->token.end - 1] == ';')
		return REFUSE(p, p->token.end - 1,
			      "'%.*s': statements do not end with ';': remove it, or quote the text",
			      TEXT(p, p->token));
	grown[p->word_count] = (struct word){ p->token.start, p->token.end };
	places[p->word_count++] = place_of(p, p->token);
	p->all_words++;
	next_token(p);
	return true;
}

/* The texts of the words, up to the next call. NULL: out of memory (reported). */
static const char *const *word_texts(struct parser *p)
{
	const char *const *texts = values_read(&p->values, p->source, p->words, p->word_count);

	if (texts)
		return texts;
	p->broken = true;
	diags_out_of_memory(p->diags, p->at);
	return NULL;
}

/* Whether superd-read may add to a list by += once more. */
static bool may_append(struct parser *p)
{
	p->reading->words_added += p->all_words;
	return p->reading->words_added <= ADDED_MOST ||
	       diags_refuse(p->diags, (struct origin){ 0 }, "too many lists in parts: write each list in one line");
}

/* Sets the option that was read, as something good follows it. */
static void set_option(struct parser *p)
{
	size_t length = p->name.end - p->name.start;
	struct value value = { .word_at = p->word_count ? p->word_at : NULL, .count = p->word_count,
			       .is_list = p->is_list, .append = p->append, .at = p->name_at };
	char name[256];                 /* no option has a name of that length, which is cut for the message */

	if (p->name.kind != TOKEN_END && p->builder && p->item_count <= ITEMS_MOST) {
		length = length < sizeof(name) ? length : sizeof(name) - 1;
		memcpy(name, p->source->text + p->name.start, length);  /* snprintf(3) takes a tenth of the reading */
		name[length] = '\0';
		value.words = word_texts(p);
		if (value.words && (p->writer != WRITER_READ || !p->append || may_append(p)))
			builder_set(p->builder, name, &value, p->diags);
	}
	p->name.kind = TOKEN_END;
	p->word_count = 0;
}

static void begin_item(struct parser *p)
{
	set_option(p);
	if (p->item_count++ != ITEMS_MOST)
		return;
	p->broken = true;
	diag_error(p->diags, p->at, "more than %d options in one place: split it", ITEMS_MOST);
}

static bool read_value_list(struct parser *p)
{
	next_token(p);
	while (p->token.kind != TOKEN_CLOSE) {
		if (!at_value(p))
			return REFUSE(p, p->token.start, "unexpected '%.*s' in the list of '%.*s': a list is written "
				      "{a, b}; quote a text that holds signs", TEXT(p, p->token), TEXT(p, p->name));
		if (!add_word(p))
			return false;
		if (p->token.kind == TOKEN_COMMA)
			next_token(p);
		else if (p->token.kind != TOKEN_CLOSE)
			return REFUSE(p, p->token.start, "a ',' or '}' is missing before '%.*s', in the list of '%.*s'",
				      TEXT(p, p->token), TEXT(p, p->name));
	}
	next_token(p);
	return true;
}

static bool read_value(struct parser *p, struct token name)
{
	bool append = p->token.kind == TOKEN_ADD;

	next_token(p);
	if (!at_value(p) && p->token.kind != TOKEN_OPEN)
		return REFUSE(p, name.start, "'%.*s' has no value: an option is written NAME = VALUE", TEXT(p, name));
	begin_item(p);
	p->name = name;
	p->name_at = place_of(p, name);
	p->append = append;
	p->is_list = p->token.kind == TOKEN_OPEN;
	return p->is_list ? read_value_list(p) : add_word(p);
}

static bool read_body(struct parser *p, const char *what, bool in_socket);

static bool read_socket(struct parser *p, struct token name)
{
	const char *const *texts;
	struct origin at;

	if (!at_value(p))
		return REFUSE(p, name.start, "the name is missing: write socket NAME { … }");
	begin_item(p);
	at = place_of(p, name);
	texts = add_word(p) ? word_texts(p) : NULL;
	if (!texts)
		return false;
	if (p->builder)
		builder_open_socket(p->builder, texts[0], at);
	if (p->token.kind != TOKEN_OPEN)
		return REFUSE(p, name.start, "'{' is missing: a socket is written socket NAME { … }");
	if (!read_body(p, "this socket", true))
		return false;
	begin_item(p);
	if (p->builder)
		builder_close_socket(p->builder, p->diags);
	next_token(p);
	return true;
}

/* Refuses what begins neither NAME = VALUE nor socket NAME {. The current token is the one behind it. */
static bool refuse_item(struct parser *p, struct token name)
{
	const char *text = p->source->text;
	bool ends_with_colon = name.end - name.start > 1 && text[name.end - 1] == ':';

	/* Behind a value only the next option may follow on the same line. */
	if (p->name.kind != TOKEN_END && !name.on_new_line && !ends_with_colon) {
		size_t end = p->word_count ? p->words[p->word_count - 1].end : p->name.end;
		bool apart = !p->is_list && isdigit((unsigned char)text[end - 1]) &&
			isalpha((unsigned char)text[name.start]);

		return REFUSE(p, name.start, "unexpected '%.*s' after the value of '%.*s': %s", TEXT(p, name),
			      TEXT(p, p->name),
			      apart ? "a number and its unit are one word, as in 2s"
				    : "quote a text that holds blanks or signs, and write several as {a, b}");
	}
	if (name.kind != TOKEN_WORD)
		return REFUSE(p, name.start, "unexpected '%.*s': an option is written NAME = VALUE", TEXT(p, name));
	if (ends_with_colon || token_is(p->source, p->token, ":"))
		return REFUSE(p, name.start, "'%.*s': write =, not :",
			      SHORT(p, name.start, name.end - ends_with_colon));
	if (token_is(p->source, name, "socket"))
		return REFUSE(p, name.start, "a socket block belongs in a service alone");
	return REFUSE(p, name.start, "'%.*s' needs a '=': write NAME = VALUE, or socket NAME { … }", TEXT(p, name));
}

/* Reads { … } up to its closing brace, which is the current token then. */
static bool read_body(struct parser *p, const char *what, bool in_socket)
{
	struct token opener = p->token;

	p->word_count = 0;
	next_token(p);
	while (p->token.kind != TOKEN_CLOSE) {
		struct token name = p->token;
		bool good;

		if (at_boundary(p))
			return REFUSE(p, opener.start, "'{' of %s is not closed: put a '}' where it ends", what);
		if (name.kind == TOKEN_WORD)
			next_token(p);
		if (name.kind == TOKEN_WORD && (p->token.kind == TOKEN_SET || p->token.kind == TOKEN_ADD))
			good = read_value(p, name);
		else if (token_is(p->source, name, "socket") && !in_socket && p->kind == STATEMENT_SERVICE)
			good = read_socket(p, name);
		else
			good = refuse_item(p, name);
		if (!good)
			return false;
	}
	return true;
}

/* The builder of the options of a block; row: of a service, with its mark. NULL: there is none (reported), and they are
 * not looked at. */
static struct service_builder *begin_block(struct parser *p, struct service row)
{
	struct reading *reading = p->reading;
	struct service_builder *builder = p->kind == STATEMENT_DEFAULTS ? reading->defaults : NULL;
	struct buf place = { 0 };

	if (p->kind == STATEMENT_SUPERD && reading->table->superd.at.file) {
		origin_describe(reading->table->superd.at, &place);
		diag_error(p->diags, p->at, "there is another superd { }%s: a configuration has at most one",
			   buf_string(&place));
		diags_hint(p->diags, "write all settings in one of the two");
		buf_free(&place);
		return NULL;
	}
	row.at = p->at;
	row.is_superd = p->kind == STATEMENT_SUPERD;
	if (row.is_superd)
		row.name = "superd";
	if (!builder)
		builder = builder_new(reading->table, row);
	if (!builder)
		diags_out_of_memory(p->diags, p->at);
	else if (p->kind == STATEMENT_DEFAULTS)
		reading->defaults = builder;
	return builder;
}

/* Reads a block behind its keyword. */
static bool read_block(struct parser *p, struct token keyword)
{
	const char *name = statement_names[p->kind], *what = p->kind == STATEMENT_SERVICE ? "this service" : name;
	const char *const *texts = NULL;
	struct service row = { 0 };

	if (p->kind == STATEMENT_SERVICE) {
		if (!at_value(p))
			return REFUSE(p, keyword.start, "the name is missing: write service NAME { … }");
		row = p->mark;          /* the one in front of it */
		texts = add_word(p) ? word_texts(p) : NULL;
		if (!texts)
			return false;
		row.name = texts[0];
	}
	p->builder = begin_block(p, row);
	if (p->token.kind != TOKEN_OPEN)
		return REFUSE(p, keyword.start, "'{' of %s is missing: write %s%s { … }", what, name,
			      texts ? " NAME" : "");
	if (!read_body(p, what, false))
		return false;
	set_option(p);
	return true;
}

static void end_block(struct parser *p)
{
	struct service_builder *builder = p->builder;

	p->builder = NULL;
	if (p->kind == STATEMENT_SERVICE && builder && !p->broken) {
		reading_add(p->reading, builder);
		return;
	}
	if (p->kind == STATEMENT_SERVICE)
		reading_skip(p->reading, p->at, builder ? builder_name(builder) : NULL);
	if (p->kind == STATEMENT_SUPERD && builder)
		builder_finish_superd(builder, p->diags);
	if (p->kind != STATEMENT_DEFAULTS)
		builder_free(builder);
}

/* Reads the path of an include or import, and does what it says. */
static bool read_path(struct parser *p, struct token keyword)
{
	const char *name = statement_names[p->kind], *const *texts, *path;
	bool good = p->token.kind == TOKEN_LEFT, optional;

	if (good)
		next_token(p);
	good = good && at_value(p);
	if (good && !add_word(p))
		return false;
	if (!good || p->token.kind != TOKEN_RIGHT)
		return REFUSE(p, keyword.start, "%s needs one path in parentheses: %s(\"PATH\")", name, name);
	texts = word_texts(p);
	path = texts ? texts[0] : "";
	/* A path with - in front may be missing. - alone is standard input, which is refused. */
	optional = path[0] == '-' && path[1];
	if (texts && !*path)
		diag_error(p->diags, p->at, "the path is empty: name a file");
	else if (texts && p->kind == STATEMENT_INCLUDE)
		include_files(p->reading, &reader_superd, path, p->at);
	else if (texts)
		reading_import(p->reading, path + optional, optional, p->at);
	return true;
}

/* Refuses a token that begins no statement. */
static void refuse_stray_token(struct parser *p)
{
	enum token_kind sign = token_after(p->source, p->token.end).kind;
	char word[SHOWN];
	struct scan_nearest nearest = { .name = word, .most = 3 };

	snprintf(word, sizeof(word), "%.*s", TEXT(p, p->token));
	if (p->token.kind == TOKEN_CLOSE) {
		REFUSE(p, p->token.start, "unexpected '}': no block is open here");
		return;
	}
	if (p->token.kind == TOKEN_WORD && (sign == TOKEN_SET || sign == TOKEN_ADD)) {
		REFUSE(p, p->token.start, "'%s' is outside of a block: options belong in service NAME { … } "
		       "or defaults { … }, settings of superd itself in superd { … }", word);
		return;
	}
	REFUSE(p, p->token.start, "unknown statement '%s': known are service, defaults, include, import and superd",
	       word);
	for (size_t i = 0; i < STATEMENTS; i++)
		scan_nearest_look(&nearest, statement_names[i]);
	if (nearest.word)
		diags_hint(p->diags, "did you mean '%s'?", nearest.word);
}

/* Whether superd-read may write this. */
static bool may_take(struct parser *p, int kind)
{
	if (p->reading->builder_count >= SERVICES_MOST)
		return diags_refuse(p->diags, (struct origin){ 0 }, "more than %d services", SERVICES_MOST);
	return kind == STATEMENT_SERVICE || diags_refuse(p->diags, p->at, "it is no service");
}

/* Reads the statement that begins with the current token, up to its end, which is then the current one, or to the token
 * behind a mistake. */
static void read_statement(struct parser *p)
{
	struct token keyword = p->token;
	int kind = statement_kind_of(p->source, keyword);
	bool is_path = kind == STATEMENT_INCLUDE || kind == STATEMENT_IMPORT, ends_with_line = is_path || kind < 0;
	bool good = false;

	p->start = keyword.start;
	p->at = place_of(p, keyword);
	p->depth = -(keyword.kind == TOKEN_CLOSE);
	p->name.kind = TOKEN_END;
	p->word_count = p->all_words = 0;
	p->item_count = 1;
	p->broken = false;
	if (p->writer == WRITER_READ && !may_take(p, kind))
		return;
	if (kind != STATEMENT_SERVICE)          /* also what begins none: it may have been meant for defaults */
		reading_add_role(p->reading, (struct source_role){ ROLE_VITAL, .at = p->at });
	if (kind < 0) {
		refuse_stray_token(p);
		if (keyword.kind != TOKEN_CLOSE)
			next_token(p);
	} else {
		p->kind = (enum statement_kind)kind;
		next_token(p);
		good = is_path ? read_path(p, keyword) : read_block(p, keyword);
		if (!is_path)
			end_block(p);
	}
	while (!good && !p->failed && !(p->token.kind == TOKEN_CLOSE && p->depth <= 0) && !at_boundary(p) &&
	       !(ends_with_line && p->token.on_new_line && p->depth <= 0))
		next_token(p);
}

/* false: out of memory, or superd-read has written what superd does not take. */
static bool read_statements(struct parser *p)
{
	bool is_refused = false;

	next_token(p);
	while (p->token.kind != TOKEN_END && !p->failed && !is_refused) {
		read_statement(p);
		if (p->token.kind != TOKEN_CLOSE && p->token.kind != TOKEN_RIGHT)
			p->token.end = p->token.start;
		next_token(p);
		is_refused = p->writer == WRITER_READ && p->diags->errors;
	}
	if (p->token.kind == TOKEN_END && p->token.wrong)
		refuse_token(p, p->token);
	free(p->words);
	free(p->word_at);
	values_free(&p->values);
	return !p->failed && !is_refused;
}

static bool read_text_of(enum writer writer, struct reading *reading, const struct source_file *source)
{
	struct parser parser = { .reading = reading, .diags = reading->diags, .source = source, .writer = writer };

	if (read_statements(&parser))
		return true;
	return diags_out_of_memory(reading->diags, (struct origin){ .file = source->file });
}

bool superd_read_source(struct reading *reading, const struct source_file *source)
{
	return read_text_of(WRITER_USER, reading, source);
}

bool superd_read_saved(struct reading *reading, const struct source_file *source)
{
	return read_text_of(WRITER_SUPERD, reading, source);
}

/* A mistake of superd-read's is none of a user's. */
bool superd_read_services(struct reading *reading, char *text, size_t length)
{
	struct source_file source = { .text = text, .length = length };
	struct diags unheard = { 0 };
	struct parser parser = { .reading = reading, .diags = &unheard, .source = &source, .writer = WRITER_READ };
	bool good = read_statements(&parser) && !unheard.errors;

	if (!good)
		diag_error(reading->diags, parser.at, "superd refuses what superd-read has written: %s: %.200s",
			   unheard.count ? unheard.list[0].message : "out of memory", text + parser.start);
	diags_free(&unheard);
	return good;
}

static bool statement_begins(const struct source_file *source)
{
	return statement_kind_of(source, token_after(source, 0)) >= 0;
}

const struct reader reader_superd = {
	.recognises = statement_begins,
	.load = source_load,
	.read_source = superd_read_source,
};

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
