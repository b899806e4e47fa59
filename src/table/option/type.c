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

/* Whether a quoted text needs an escape for its first character. */
static bool is_escaped(const char *text)
{
	unsigned char c = (unsigned char)*text;

	return c == '"' || c == '\\' || (c == '$' && text[1] == '{') || c < 0x20 || c == 0x7f;
}

void native_quoted(struct buf *out, const char *text)
{
	buf_char(out, '"');
	for (const char *plain = text;; plain = ++text) {
		while (*text && !is_escaped(text))
			text++;
		buf_add(out, plain, (size_t)(text - plain));
		if (!*text)
			break;
		if (*text == '\n')
			buf_text(out, "\\n");
		else if (*text == '\t')
			buf_text(out, "\\t");
		else
			buf_addf(out, *text == '"' || *text == '\\' || *text == '$' ? "\\%c" : "\\x%02x", *text);
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

/* The words of a value as superd.conf has them, without quotes, and none if the option is unset; `text` gets their
 * bytes. The list is to be freed. NULL: out of memory. */
static const char **value_words(const struct option_def *option, const void *field, struct buf *text)
{
	const struct type *type = option->type;
	const char **list, *word;
	char number[32];
	size_t count = 0;

	if (type->kind == FIELD_WORDS) {
		for (words known = *(const words *)field; known && *known; known++)
			word_add(text, *known);
	} else if (type->kind == FIELD_TEXT) {
		word = *(const char *const *)field;
		if (word)
			word_add(text, word);
	} else if (type->kind == FIELD_BOOL) {
		word_add(text, *(const bool *)field ? "yes" : "no");
	} else if (type->kind == FIELD_SET) {
		type->show(option, field, text);
	} else if (!option->unset || memcmp(field, option->unset, field_size(type)) != 0) {
		if (type->show) {
			type->show(option, field, text);
		} else {
			type->number->show(*(const int64_t *)field, number);
			buf_text(text, number);
		}
		buf_char(text, '\0');
	}
	list = text->failed ? NULL : calloc(text->length + 1, sizeof(*list));
	word = buf_string(text);
	for (size_t at = 0; list && at < text->length; at += strlen(word + at) + 1)
		list[count++] = word + at;
	return list;
}

void type_format(const struct option_def *option, const void *field, struct buf *out)
{
	struct buf text = { 0 };
	const char **list = value_words(option, field, &text);

	if (list && (*list || option->type->is_list))
		type_format_words(option, list, out);
	else
		buf_text(out, "\"\"");
	out->failed |= !list;
	free(list);
	buf_free(&text);
}

void type_json(const struct option_def *option, const void *field, struct buf *out)
{
	const struct type *type = option->type;
	struct buf text = { 0 };
	const char **list = value_words(option, field, &text);
	char number[32];

	out->failed |= !list;
	if (type->kind == FIELD_BOOL) {
		buf_text(out, *(const bool *)field ? "true" : "false");
	} else if (type->kind == FIELD_WORDS || type->kind == FIELD_SET) {
		buf_char(out, '[');
		for (const char **word = list; word && *word; word++) {
			json_wide_element(out);
			json_text(out, *word);
		}
		buf_char(out, ']');
	} else if (list && *list && type->kind == FIELD_NUMBER && !isalpha((unsigned char)**list) &&
		   !scan_ends_with(*list, "%")) {
		decimal_show(*(const int64_t *)field, type->number->decimals, number);
		buf_text(out, number);
	} else {
		json_text(out, list ? *list : NULL);
	}
	free(list);
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
	if (!reason && count == 1 && !parse->count && parse->option->unset) {
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
	if (!*parse->words[0] && option->unset) {
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

bool type_equal(const struct option_def *option, const void *a, const void *b)
{
	const struct type *type = option->type;
	struct buf one = { 0 }, other = { 0 };
	const char *left, *right;
	words list, known;
	bool equal;

	if (type->kind == FIELD_TEXT) {
		left = *(const char *const *)a;
		right = *(const char *const *)b;
		return left == right || (left && right && !strcmp(left, right));
	}
	if (type->kind == FIELD_WORDS) {
		list = *(const words *)a;
		known = *(const words *)b;
		if (list == known)
			return true;
		for (; list && known && *list && *known && !strcmp(*list, *known); list++)
			known++;
		return (!list || !*list) && (!known || !*known);
	}
	if (!type->has_pointers)
		return !memcmp(a, b, type->size);
	type->show(option, a, &one);
	type->show(option, b, &other);
	equal = !one.failed && !other.failed && one.length == other.length &&
		!memcmp(buf_string(&one), buf_string(&other), one.length);
	buf_free(&one);
	buf_free(&other);
	return equal;
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

void decimal_show(int64_t value, int decimals, char *buf)
{
	int64_t unit = 1, fraction;
	int length;

	for (int n = 0; n < decimals; n++)
		unit *= 10;
	fraction = value % unit;
	length = snprintf(buf, 32, "%" PRId64, value / unit);
	if (!fraction)
		return;
	for (; fraction % 10 == 0; fraction /= 10)
		decimals--;
	snprintf(buf + length, 32 - (size_t)length, ".%0*" PRId64, decimals, fraction);
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
