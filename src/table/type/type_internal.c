/* Functions for all types: writing superd.conf's syntax, and keeping texts and lists.
 *
 * libconfuse must read a written value back to the same bytes. It expands "${X}", "//" and "#" begin comments, and +
 * and = are tokens of their own. So a value is written without quotes only if it has none of these. */
#include "table/type/type_internal.h"

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

void native_take(struct buf *out, struct buf *text)
{
	native_value(out, buf_string(text));
	out->failed |= text->failed;
	buf_free(text);
}

void native_list(struct buf *out, words list)
{
	buf_char(out, '{');
	for (size_t i = 0; list && list[i]; i++) {
		if (i)
			buf_text(out, ", ");
		native_quoted(out, list[i]);
	}
	buf_char(out, '}');
}

void json_list(struct buf *out, words list)
{
	buf_char(out, '[');
	for (size_t i = 0; list && list[i]; i++) {
		json_wide_element(out);
		json_text(out, list[i]);
	}
	buf_char(out, ']');
}

void value_unset(const struct directive *directive, void *field)
{
	if (directive->unset)
		memcpy(field, directive->unset, directive->type->size);
	else
		memset(field, 0, directive->type->size);
}

bool value_is_unset(const struct directive *directive, const void *field)
{
	return directive->unset && directive->type->equal(field, directive->unset);
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

const char *text_field_parse(struct parse *parse, void *field)
{
	return text_keep(parse->pool, parse->words[0], field);
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
	const unsigned most = strlen(text) < 5 ? 1 : 2;
	const char *nearest = NULL;
	unsigned best = most + 1;

	for (size_t i = 0; known[i]; i++) {
		unsigned distance = strcasecmp(known[i], text) ? scan_distance(known[i], text, most) : 0;

		if (distance < best) {
			best = distance;
			nearest = known[i];
		}
	}
	return nearest;
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

bool text_field_equal(const void *a, const void *b)
{
	const char *left = *(const char *const *)a, *right = *(const char *const *)b;

	return left == right || (left && right && !strcmp(left, right));
}

bool list_field_equal(const void *a, const void *b)
{
	words left = *(const words *)a, right = *(const words *)b;
	size_t length = words_count(left);

	if (left == right)
		return true;
	if (length != words_count(right))
		return false;
	for (size_t i = 0; i < length; i++) {
		if (strcmp(left[i], right[i]) != 0)
			return false;
	}
	return true;
}

bool bool_field_equal(const void *a, const void *b)
{
	return *(const bool *)a == *(const bool *)b;
}

bool number_field_equal(const void *a, const void *b)
{
	return *(const int64_t *)a == *(const int64_t *)b;
}

bool unsigned_field_equal(const void *a, const void *b)
{
	return *(const unsigned *)a == *(const unsigned *)b;
}

void bool_field_format(const struct directive *directive, const void *field, struct buf *out)
{
	(void)directive;
	buf_text(out, *(const bool *)field ? "yes" : "no");
}

void bool_field_json(const struct directive *directive, const void *field, struct buf *out)
{
	(void)directive;
	buf_text(out, *(const bool *)field ? "true" : "false");
}

void text_field_format(const struct directive *directive, const void *field, struct buf *out)
{
	(void)directive;
	native_value(out, *(const char *const *)field);
}

void text_field_json(const struct directive *directive, const void *field, struct buf *out)
{
	(void)directive;
	json_text(out, *(const char *const *)field);
}

void list_field_format(const struct directive *directive, const void *field, struct buf *out)
{
	(void)directive;
	native_list(out, *(const words *)field);
}

void list_field_json(const struct directive *directive, const void *field, struct buf *out)
{
	(void)directive;
	json_list(out, *(const words *)field);
}
