/* Types of numbers: counts, sizes, durations, type of service.
 *
 * The directive sets the bounds, and messages print them in the option's own unit: "from 1s to 1d". Without bounds, a
 * count may be any number, and a size or duration any number that is not negative. The empty text unsets the option if
 * its directive has `unset`. */
#include <inttypes.h>
#include <string.h>

#include "lib/scan.h"
#include "table/type/type_internal.h"

/* A kind of number: its name, its reader, its writer and its bounds. */
struct number_kind {
	const char *noun;
	const char *(*scan)(const char *text, int64_t *out);
	void (*show)(int64_t value, char *buf);         /* 32 bytes */
	int64_t least, most;            /* bounds if the directive has none */
};

static void count_show(int64_t value, char *buf)
{
	if (value == UNLIMITED)
		strcpy(buf, "unlimited");
	else
		snprintf(buf, 32, "%" PRId64, value);
}

static const struct number_kind count_kind = { "a number", scan_unlimited, count_show, INT64_MIN + 1, INT64_MAX - 1 };
static const struct number_kind size_kind = { "a size", scan_bytes, scan_bytes_format, 0, INT64_MAX - 1 };
static const struct number_kind duration_kind = { "a duration", scan_duration, scan_duration_format, 0, SCAN_INFINITY };

static const char *number_refuse(const struct number_kind *kind, int64_t least, int64_t most, struct pool *pool)
{
	char low[32], high[32];

	kind->show(least, low);
	kind->show(most, high);
	if (least <= INT64_MIN + 1)
		return reason_or_memory(pool_textf(pool, "expected %s up to %s", kind->noun, high));
	if (most == UNLIMITED)
		return reason_or_memory(pool_textf(pool, "expected %s of at least %s, or %s", kind->noun, low, high));
	if (most == UNLIMITED - 1)
		return reason_or_memory(pool_textf(pool, "expected %s of at least %s", kind->noun, low));
	return reason_or_memory(pool_textf(pool, "expected %s from %s to %s", kind->noun, low, high));
}

static const char *number_parse(const struct number_kind *kind, struct parse *parse, int64_t *field)
{
	const struct directive *directive = parse->directive;
	bool bounded = directive->least || directive->most;
	int64_t least = bounded ? directive->least : kind->least;
	int64_t most = bounded ? directive->most : kind->most;
	const char *reason;
	int64_t value;

	reason = kind->scan(parse->words[0], &value);
	if (reason && kind != &count_kind)
		return reason;
	if (!reason && value > most && directive->flags & TUNES)
		value = most;           /* table/services/service_builder.c notes that */
	if (reason || value < least || value > most)
		return number_refuse(kind, least, most, parse->pool);
	*field = value;
	return NULL;
}

static void number_format(const struct number_kind *kind, const struct directive *directive, const void *field,
			  struct buf *out)
{
	char text[32];

	if (value_is_unset(directive, field)) {
		native_value(out, "");
		return;
	}
	kind->show(*(const int64_t *)field, text);
	native_value(out, text);
}

static const char *count_parse(struct parse *parse, void *field)
{
	return number_parse(&count_kind, parse, field);
}

static void count_format(const struct directive *directive, const void *field, struct buf *out)
{
	number_format(&count_kind, directive, field, out);
}

static void count_json(const struct directive *directive, const void *field, struct buf *out)
{
	int64_t value = *(const int64_t *)field;

	if (value_is_unset(directive, field))
		buf_text(out, "null");
	else if (value == UNLIMITED)
		buf_text(out, "\"unlimited\"");
	else
		buf_addf(out, "%" PRId64, value);
}

const struct type type_count = {
	.name = "number", .complete = "", .size = sizeof(int64_t),
	.parse = count_parse, .format = count_format, .json = count_json, .equal = number_field_equal,
};

static const char *size_parse(struct parse *parse, void *field)
{
	return number_parse(&size_kind, parse, field);
}

static void size_format(const struct directive *directive, const void *field, struct buf *out)
{
	number_format(&size_kind, directive, field, out);
}

static void size_json(const struct directive *directive, const void *field, struct buf *out)
{
	if (*(const int64_t *)field == SCAN_INFINITY)
		buf_text(out, "\"infinity\"");
	else
		count_json(directive, field, out);
}

const struct type type_size = {
	.name = "size", .complete = "", .size = sizeof(int64_t),
	.parse = size_parse, .format = size_format, .json = size_json, .equal = number_field_equal,
};

static const char *duration_parse(struct parse *parse, void *field)
{
	return number_parse(&duration_kind, parse, field);
}

static void duration_format(const struct directive *directive, const void *field, struct buf *out)
{
	number_format(&duration_kind, directive, field, out);
}

/* Writes seconds, with as many decimals as needed. */
static void duration_json(const struct directive *directive, const void *field, struct buf *out)
{
	int64_t value = *(const int64_t *)field, fraction = value % 1000000;
	int digits = 6;

	if (value_is_unset(directive, field)) {
		buf_text(out, "null");
		return;
	}
	if (value == SCAN_INFINITY) {
		buf_text(out, "\"infinity\"");
		return;
	}
	buf_addf(out, "%" PRId64, value / 1000000);
	if (!fraction)
		return;
	for (; fraction % 10 == 0; fraction /= 10)
		digits--;
	buf_addf(out, ".%0*" PRId64, digits, fraction);
}

const struct type type_duration = {
	.name = "duration", .complete = "", .size = sizeof(int64_t),
	.parse = duration_parse, .format = duration_format, .json = duration_json, .equal = number_field_equal,
};

/* The bits of RFC 1349, as in netinet/ip.h. */
static const struct {
	const char *word;
	int64_t value;
} tos_words[] = {
	{ "low-delay", 0x10 }, { "throughput", 0x08 }, { "reliability", 0x04 }, { "low-cost", 0x02 },
};

#define TOS_WORDS (sizeof(tos_words) / sizeof(tos_words[0]))

static const char *tos_parse(struct parse *parse, void *field)
{
	const char *text = parse->words[0];
	int64_t value;

	for (size_t i = 0; i < TOS_WORDS; i++) {
		if (!strcmp(text, tos_words[i].word)) {
			*(int64_t *)field = tos_words[i].value;
			return NULL;
		}
	}
	if (scan_count(text, &value) || value < 0 || value > 255)
		return "expected low-delay, throughput, reliability, low-cost or a number from 0 to 255";
	*(int64_t *)field = value;
	return NULL;
}

static const char *tos_word(const void *field)
{
	for (size_t i = 0; i < TOS_WORDS; i++) {
		if (tos_words[i].value == *(const int64_t *)field)
			return tos_words[i].word;
	}
	return NULL;
}

static void tos_format(const struct directive *directive, const void *field, struct buf *out)
{
	if (tos_word(field))
		buf_text(out, tos_word(field));
	else
		count_format(directive, field, out);
}

static void tos_json(const struct directive *directive, const void *field, struct buf *out)
{
	if (tos_word(field))
		json_text(out, tos_word(field));
	else
		count_json(directive, field, out);
}

const struct type type_tos = {
	.name = "type of service", .complete = "word", .size = sizeof(int64_t),
	.parse = tos_parse, .format = tos_format, .json = tos_json, .equal = number_field_equal,
};
