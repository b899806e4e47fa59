/* Types of numbers: counts, sizes, durations, type of service.
 *
 * The directive sets the bounds, and messages print them in the option's own unit: "from 1s to 1d". Without bounds, a
 * count may be any number, and a size or duration any number that is not negative. The empty text unsets the option if
 * its directive has `unset`. */
#include <inttypes.h>
#include <string.h>

#include "lib/scan.h"
#include "table/type/type_internal.h"

static void count_show(int64_t value, char *buf)
{
	if (value == UNLIMITED)
		strcpy(buf, "unlimited");
	else
		snprintf(buf, 32, "%" PRId64, value);
}

static const struct number count_kind = { "a number", scan_unlimited, count_show, INT64_MIN + 1, INT64_MAX - 1, 0 };

static const char *number_refuse(const struct number *kind, int64_t least, int64_t most, struct pool *pool)
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

const char *number_parse(struct parse *parse, void *field)
{
	const struct directive *directive = parse->directive;
	const struct number *kind = directive->type->number;
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
	*(int64_t *)field = value;
	return NULL;
}

void number_show(const struct directive *directive, const void *field, struct buf *out, quote_text *quote)
{
	char text[32];

	(void)quote;
	if (value_is_unset(directive, field))
		return;
	directive->type->number->show(*(const int64_t *)field, text);
	buf_text(out, text);
}

const struct type type_count = {
	.name = "number", .kind = FIELD_NUMBER, .size = sizeof(int64_t), .number = &count_kind,
	.parse = number_parse, .show = number_show,
};

static const struct number size_kind = { "a size", scan_bytes, scan_bytes_format, 0, INT64_MAX - 1, 0 };

const struct type type_size = {
	.name = "size", .kind = FIELD_NUMBER, .size = sizeof(int64_t), .number = &size_kind,
	.parse = number_parse, .show = number_show,
};

static const struct number duration_kind = { "a duration", scan_duration, scan_duration_format, 0, SCAN_INFINITY, 6 };

const struct type type_duration = {
	.name = "duration", .kind = FIELD_NUMBER, .size = sizeof(int64_t), .number = &duration_kind,
	.parse = number_parse, .show = number_show,
};

/* The bits of RFC 1349, as in netinet/ip.h. */
static const struct {
	const char *word;
	int64_t value;
} tos_words[] = {
	{ "low-delay", 0x10 }, { "throughput", 0x08 }, { "reliability", 0x04 }, { "low-cost", 0x02 },
};

#define TOS_WORDS (sizeof(tos_words) / sizeof(tos_words[0]))

static const char *tos_scan(const char *text, int64_t *value)
{
	for (size_t i = 0; i < TOS_WORDS; i++) {
		if (!strcmp(text, tos_words[i].word)) {
			*value = tos_words[i].value;
			return NULL;
		}
	}
	if (scan_count(text, value) || *value < 0 || *value > 255)
		return "expected low-delay, throughput, reliability, low-cost or a number from 0 to 255";
	return NULL;
}

static void tos_show(int64_t value, char *buf)
{
	size_t n = 0;

	while (n < TOS_WORDS && tos_words[n].value != value)
		n++;
	if (n < TOS_WORDS)
		strcpy(buf, tos_words[n].word);
	else
		count_show(value, buf);
}

static const struct number tos_kind = { NULL, tos_scan, tos_show, 0, 255, 0 };

const struct type type_tos = {
	.name = "type of service", .kind = FIELD_NUMBER, .size = sizeof(int64_t), .number = &tos_kind,
	.parse = number_parse, .show = number_show,
};
