/* Functions for all types: writing superd.conf's syntax, keeping and comparing texts and lists.
 *
 * libconfuse must read a written value back to the same bytes. It expands "${X}", "//" and "#" begin comments, and +
 * and = are tokens of their own. So a value is written without quotes only if it has none of these. */
#include "table/type/type_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/scan.h"

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

/* Paths and pairs are bare for libconfuse, too, but people expect quotes around them. */
void native_take(struct buf *out, struct buf *text)
{
	if (strpbrk(buf_string(text), "/:"))
		native_quoted(out, buf_string(text));
	else
		native_value(out, buf_string(text));
	out->failed |= text->failed;
	buf_free(text);
}

void native_braces(struct buf *out, struct buf *items)
{
	if (items->length)
		buf_addf(out, "{ %s }", buf_string(items));
	else
		buf_text(out, "{}");
	out->failed |= items->failed;
	buf_free(items);
}

void native_list(struct buf *out, words list)
{
	if (!list || !list[0]) {
		buf_text(out, "{}");
		return;
	}
	for (size_t i = 0; list[i]; i++) {
		buf_text(out, i ? ", " : "{ ");
		native_quoted(out, list[i]);
	}
	buf_text(out, " }");
}

size_t field_size(const struct type *type)
{
	return type->size ? type->size : sizeof(void *);
}

static bool texts_equal(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

bool type_equal(const struct type *type, const void *a, const void *b)
{
	words left, right;

	if (type->equal)
		return type->equal(a, b);
	if (type->kind == FIELD_TEXT)
		return texts_equal(*(const char *const *)a, *(const char *const *)b);
	if (type->kind != FIELD_WORDS)
		return !memcmp(a, b, type->size);
	left = *(const words *)a;
	right = *(const words *)b;
	if (left == right)
		return true;
	for (; left && right && *left && *right && !strcmp(*left, *right); left++)
		right++;
	return (!left || !*left) && (!right || !*right);
}

void value_unset(const struct directive *directive, void *field)
{
	if (directive->unset)
		memcpy(field, directive->unset, field_size(directive->type));
	else
		memset(field, 0, field_size(directive->type));
}

bool value_is_unset(const struct directive *directive, const void *field)
{
	return directive->unset && type_equal(directive->type, field, directive->unset);
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

const char *reason_or_memory(const char *reason)
{
	return reason ? reason : NO_MEMORY;
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

void words_enumerate(struct buf *out, const char *const *known)
{
	for (size_t i = 0; known[i]; i++) {
		if (i)
			buf_text(out, known[i + 1] ? ", " : " or ");
		buf_text(out, known[i]);
	}
}

const char *words_refuse(const char *const *known, const char *text, struct pool *pool)
{
	const char *nearest = word_suggest(known, text), *reason;
	struct buf list = { 0 };

	words_enumerate(&list, known);
	if (nearest)
		reason = pool_textf(pool, "expected one of %s; did you mean '%s'?", buf_string(&list), nearest);
	else
		reason = pool_textf(pool, "expected one of %s", buf_string(&list));
	if (list.failed)
		reason = NO_MEMORY;
	buf_free(&list);
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

void bits_show(uint64_t set, const char *const *known, const char *sign, struct buf *out, quote_text *quote)
{
	const char *comma = "";
	char word[64];

	for (unsigned bit = 0; known[bit]; bit++) {
		if (!(set >> bit & 1))
			continue;
		snprintf(word, sizeof(word), "%s%s", sign, known[bit]);
		buf_text(out, comma);
		quote(out, word);
		comma = ", ";
	}
}
