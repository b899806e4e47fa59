/* What all types have in common: parsing, writing, comparing and keeping values.
 *
 * Every refusal ends the sentence "OPTION: ..." and names the bounds or the words, and the nearest word if one is near.
 *
 * libconfuse must read a written value back to the same bytes. It expands "${X}", "//" and "#" begin comments, and +
 * and = are tokens of their own. So a value is written without quotes only if it has none of these. */
#include "table/option/internal.h"

static bool is_bare(const char *text)
{
	const char *at = text;

	/* strspn(3) would make a table for each text. From - to : are also . / and the digits. */
	while ((*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z') || *at == '_' || (*at >= '-' && *at <= ':'))
		at++;
	return *text && !*at && strncmp(text, "//", 2) != 0;
}

void native_quoted(struct buf *out, const char *text)
{
	buf_char(out, '"');
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\' || (c == '$' && text[1] == '{'))
			buf_addf(out, "\\%c", c);
		else if (c == '\n')
			buf_text(out, "\\n");
		else if (c == '\t')
			buf_text(out, "\\t");
		else if (c < 0x20 || c == 0x7f)
			buf_addf(out, "\\x%02x", c);
		else
			buf_char(out, (char)c);
	}
	buf_char(out, '"');
}

void native_value(struct buf *out, const char *text)
{
	if (text && is_bare(text))
		buf_text(out, text);
	else
		native_quoted(out, text ? text : "");
}

/* Bare unless people expect quotes, as around paths and pairs. */
static void native_word(struct buf *out, const char *text)
{
	if (text && strpbrk(text, "/:"))
		native_quoted(out, text);
	else
		native_value(out, text);
}

/* Signs of a shell's are meant as they stand in a command, so quoted. */
void type_format_words(const struct option_def *option, words list, struct buf *out)
{
	size_t count = words_count(list);
	struct buf text = { 0 };

	if (count == 1 && !option->type->is_command)
		return native_word(out, list[0]);
	for (size_t n = 0; n < count && !option->type->is_command; n++) {
		buf_text(out, n ? ", " : "{ ");
		native_word(out, list[n]);
	}
	if (!count || !option->type->is_command)
		return buf_text(out, count ? " }" : "{}");
	for (words word = list; *word; word++) {
		buf_text(&text, word != list ? " " : "");
		if (strpbrk(*word, "|&;<>`") && !strpbrk(*word, " \t\n'\"\\"))
			buf_addf(&text, "'%s'", *word);
		else
			shell_words_quote(&text, *word);
	}
	native_word(out, buf_string(&text));
	out->failed |= text.failed;
	buf_free(&text);
}

void type_format(const struct option_def *option, const void *field, struct buf *out)
{
	const struct type *type = option->type;
	struct buf text = { 0 };
	const char *first;

	if (type->kind == FIELD_WORDS) {
		type_format_words(option, *(const words *)field, out);
	} else if (type->kind == FIELD_TEXT) {
		native_word(out, *(const char *const *)field);
	} else if (type->kind == FIELD_BOOL) {
		buf_text(out, *(const bool *)field ? "yes" : "no");
	} else if (type->kind == FIELD_SET) {
		type->show(option, field, &text);
		first = buf_string(&text);
		for (const char *word = first; word < first + text.length; word += strlen(word) + 1) {
			buf_text(out, word == first ? "{ " : ", ");
			native_quoted(out, word);
		}
		buf_text(out, text.length ? " }" : type->is_tuple ? "\"\"" : "{}");
	} else {
		type->show(option, field, &text);
		native_word(out, buf_string(&text));
	}
	out->failed |= text.failed;
	buf_free(&text);
}

void type_json(const struct option_def *option, const void *field, struct buf *out)
{
	const struct type *type = option->type;
	struct buf text = { 0 };
	const char *shown;

	if (type->show)
		type->show(option, field, &text);
	shown = buf_string(&text);
	if (type->kind == FIELD_TEXT) {
		json_text(out, *(const char *const *)field);
	} else if (type->kind == FIELD_BOOL) {
		buf_text(out, *(const bool *)field ? "true" : "false");
	} else if (type->kind == FIELD_WORDS || type->kind == FIELD_SET) {
		buf_char(out, '[');
		for (words list = type->kind == FIELD_WORDS ? *(const words *)field : NULL; list && *list; list++) {
			json_wide_element(out);
			json_text(out, *list);
		}
		for (const char *word = shown; word < shown + text.length; word += strlen(word) + 1) {
			json_wide_element(out);
			json_text(out, word);
		}
		buf_char(out, ']');
	} else if (!*shown) {
		json_text(out, NULL);
	} else if (type->kind == FIELD_SHOWN || isalpha((unsigned char)*shown) || scan_ends_with(shown, "%")) {
		json_text(out, shown);
	} else {
		decimal_add(out, *(const int64_t *)field, type->number->decimals);
	}
	out->failed |= text.failed;
	buf_free(&text);
}

void type_unset(const struct option_def *option, void *field)
{
	if (option->unset)
		memcpy(field, option->unset, field_size(option->type));
	else
		memset(field, 0, field_size(option->type));
}

/* Parses a tuple; one text is split first, and all its words then have the place of the text. */
static const char *tuple_parse(const struct type *type, struct parse *parse, void *field)
{
	const char *const *written = parse->words;
	const char *reason = NULL;
	size_t count = parse->count;

	if (count == 1)
		reason = shell_words_split(parse->pool, written[0], &parse->words, &parse->count);
	if (!reason && count == 1 && !parse->count && type->empty_unsets) {
		type_unset(parse->option, field);
	} else if (!reason) {
		reason = type->parse(parse, field);
		parse->bad = parse->bad < count ? parse->bad : 0;
	}
	parse->words = written;
	parse->count = count;
	return reason;
}

/* Stores words that are right. */
static const char *field_parse(const struct type *type, struct parse *parse, void *field)
{
	if (type->parse)
		return type->parse(parse, field);
	return type->kind == FIELD_TEXT ? text_keep(parse->pool, parse->words[0], field)
					: list_field_parse(parse, field);
}

static const char *word_refuse(const struct option_def *option, const char *word)
{
	const struct type *type = option->type;

	return type->refuse ? type->refuse(word) : type->refuse_for ? type->refuse_for(option, word) : NULL;
}

static const char *list_parse(const struct type *type, struct parse *parse, void *field)
{
	const char *reason = NULL;

	for (size_t i = 0; !reason && i < parse->count; i++) {
		parse->bad = i;
		reason = word_refuse(parse->option, parse->words[i]);
	}
	if (!reason) {
		parse->bad = 0;
		reason = field_parse(type, parse, field);
	}
	if (type->is_secret)
		parse->bad = parse->count;
	return reason;
}

const char *type_parse(struct parse *parse, void *field)
{
	const struct option_def *option = parse->option;
	const struct type *type = option->type;
	const char *reason = NULL;

	parse->bad = 0;
	if (type->is_list)
		return list_parse(type, parse, field);
	if (parse->append)
		return "it is not a list: set it with =";
	if (type->is_tuple)
		return tuple_parse(type, parse, field);
	if (parse->count != 1)
		return "it needs one value, not a list";
	if (!*parse->words[0] && (option->unset || type->empty_unsets)) {
		type_unset(option, field);
		return NULL;
	}
	if (*parse->words[0])
		reason = word_refuse(option, parse->words[0]);
	return reason ? reason : field_parse(type, parse, field);
}

size_t field_size(const struct type *type)
{
	return type->size ? type->size : sizeof(void *);
}

static bool shown_equal(const struct option_def *option, const void *a, const void *b)
{
	struct buf left = { 0 }, right = { 0 };
	bool equal;

	option->type->show(option, a, &left);
	option->type->show(option, b, &right);
	equal = !left.failed && !right.failed && left.length == right.length &&
		!memcmp(buf_string(&left), buf_string(&right), left.length);
	buf_free(&left);
	buf_free(&right);
	return equal;
}

bool type_equal(const struct option_def *option, const void *a, const void *b)
{
	const struct type *type = option->type;
	words left, right;

	if (type->kind == FIELD_TEXT) {
		const char *one = *(const char *const *)a, *other = *(const char *const *)b;

		return one == other || (one && other && !strcmp(one, other));
	}
	if (type->kind != FIELD_WORDS)
		return type->has_pointers ? shown_equal(option, a, b) : !memcmp(a, b, type->size);
	left = *(const words *)a;
	right = *(const words *)b;
	if (left == right)
		return true;
	for (; left && right && *left && *right && !strcmp(*left, *right); left++)
		right++;
	return (!left || !*left) && (!right || !*right);
}

bool value_is_unset(const struct option_def *option, const void *field)
{
	return option->unset && !memcmp(field, option->unset, field_size(option->type));
}

const char *text_keep(struct pool *pool, const char *text, void *field)
{
	const char *kept = *text ? pool_text(pool, text) : NULL;

	if (*text && !kept)
		return NO_MEMORY;
	*(const char **)field = kept;
	return NULL;
}

const char *list_keep(struct parse *parse, const char *const *list, size_t count, void *field)
{
	words before = *(const words *)field, kept = NULL;
	size_t already = parse->append ? words_count(before) : 0;
	const char **joined;

	parse->bad = 0;
	if (already + count > 0) {
		joined = calloc(already + count, sizeof(*joined));
		if (!joined)
			return NO_MEMORY;
		for (size_t i = 0; i < already + count; i++)
			joined[i] = i < already ? before[i] : list[i - already];
		kept = pool_list(parse->pool, joined, already + count);
		free(joined);
		if (!kept)
			return NO_MEMORY;
	}
	*(words *)field = kept;
	return NULL;
}

const char *list_field_parse(struct parse *parse, void *field)
{
	return list_keep(parse, parse->words, parse->count, field);
}

const char *word_suggest(const char *const *known, const char *text)
{
	struct scan_nearest nearest = { .name = text, .most = strlen(text) < 5 ? 2 : 3 };

	for (; *known; known++) {
		if (!strcasecmp(*known, text))
			return *known;
		scan_nearest_look(&nearest, *known);
	}
	return nearest.word;
}

const char *words_refuse(const char *const *known, const char *text, struct pool *pool)
{
	const char *nearest = word_suggest(known, text), *reason;
	struct buf message = { 0 };

	buf_text(&message, "expected one of ");
	for (size_t i = 0; known[i]; i++) {
		if (i)
			buf_text(&message, known[i + 1] ? ", " : " or ");
		buf_text(&message, known[i]);
	}
	if (nearest)
		buf_addf(&message, "; did you mean '%s'?", nearest);
	reason = message.failed ? NULL : pool_text(pool, buf_string(&message));
	buf_free(&message);
	return reason_or_memory(reason);
}

bool words_find(const char *const *known, const char *text, unsigned *out)
{
	for (unsigned i = 0; known[i]; i++) {
		if (!strcasecmp(known[i], text)) {
			*out = i;
			return true;
		}
	}
	return false;
}

void decimal_add(struct buf *out, int64_t value, int decimals)
{
	int64_t unit = 1, fraction;

	for (int n = 0; n < decimals; n++)
		unit *= 10;
	fraction = value % unit;
	buf_addf(out, "%" PRId64, value / unit);
	if (!fraction)
		return;
	for (; fraction % 10 == 0; fraction /= 10)
		decimals--;
	buf_addf(out, ".%0*" PRId64, decimals, fraction);
}

const char *decimal_scan(const char *text, int decimals, int64_t *out)
{
	size_t whole = strspn(text, "0123456789"), point = text[whole] == '.', used;
	size_t behind = point ? strspn(text + whole + 1, "0123456789") : 0;

	for (used = behind; used > (size_t)decimals && text[whole + used] == '0';)
		used--;
	if (whole + behind == 0 || whole > 10 || used > (size_t)decimals)
		return NULL;
	*out = 0;
	for (size_t n = 0; n < whole + (size_t)decimals; n++)
		*out = *out * 10 + (n < whole ? text[n] - '0' : n < whole + used ? text[n + 1] - '0' : 0);
	return text + whole + point + behind;
}

void word_add(struct buf *out, const char *word)
{
	buf_text(out, word);
	buf_char(out, '\0');
}

void bits_show(uint64_t set, const char *const *known, const char *sign, struct buf *out)
{
	for (unsigned bit = 0; known[bit]; bit++) {
		if (!(set >> bit & 1))
			continue;
		buf_text(out, sign);
		word_add(out, known[bit]);
	}
}
