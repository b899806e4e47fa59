/* Types of the options that admit clients: address rules, times of day, the load, connections a second.
 *
 * Each of these restricts, and a word that superd misreads may let a client in. So no form has a part that is
 * ignored. */
#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "lib/scan.h"
#include "table/access/access.h"
#include "table/access/times.h"
#include "table/type/type_internal.h"

#define LOAD_MOST 1000000               /* higher than any load average */
#define PAUSE_MOST INT64_C(31536000000000)      /* a year in microseconds */
#define PAUSE_USUAL INT64_C(10000000)   /* xinetd's 10 seconds */

const struct type type_addresses = {
	.name = "list of addresses", .kind = FIELD_WORDS, .is_list = true, .judges_each = true,
	.refuse = access_refuse_word,
};

const struct type type_times = {
	.name = "list of times", .kind = FIELD_WORDS, .is_list = true, .judges_each = true,
	.refuse = times_refuse_word,
};

/* Reads a decimal number with at most three digits behind the point, in thousandths. */
static const char *load_scan(const char *text, int64_t *out)
{
	static const char wrong[] = "expected a load average above 0, as in 2.5, with at most three decimal digits";
	int64_t value = 0, unit = 1000;

	for (; isdigit((unsigned char)*text); text++) {
		value = value * 10 + (*text - '0') * INT64_C(1000);
		if (value > LOAD_MOST * INT64_C(1000))
			return wrong;
	}
	if (*text == '.') {
		for (text++; isdigit((unsigned char)*text); text++) {
			unit /= 10;
			if (!unit && *text != '0')
				return wrong;
			value += (*text - '0') * unit;
		}
	}
	if (*text || !value)
		return wrong;
	*out = value;
	return NULL;
}

static void load_show(const struct directive *directive, const void *field, struct buf *out, quote_text *quote)
{
	(void)directive, (void)quote;
	if (*(const int64_t *)field)
		decimal_add(out, *(const int64_t *)field, 3);
}

static const struct number load_kind = { .scan = load_scan, .most = INT64_MAX, .decimals = 3 };

const struct type type_load = {
	.name = "load", .kind = FIELD_NUMBER, .empty_unsets = true, .size = sizeof(int64_t), .number = &load_kind,
	.parse = number_parse, .show = load_show,
};

static const char *rate_parse(struct parse *parse, void *field)
{
	struct rate rate = { .number = 0, .pause = PAUSE_USUAL };
	words list = parse->words;

	if (parse->count < 1 || parse->count > 2)
		return "expected the number of connections in a second, and the seconds of the pause";
	if (parse->count == 1 && !scan_unlimited(list[0], &rate.number) && rate.number == UNLIMITED) {
		*(struct rate *)field = (struct rate){ .number = UNLIMITED };
		return NULL;
	}
	if (scan_count(list[0], &rate.number) || rate.number < 1 || rate.number > UINT32_MAX)
		return "connections per second are a number from 1 on, or unlimited";
	if (parse->count == 2 && (scan_duration(list[1], &rate.pause) || rate.pause < 1 || rate.pause > PAUSE_MOST)) {
		parse->bad = 1;
		return "the time for which the service then rests is a duration, longer than 0 and at most a year";
	}
	*(struct rate *)field = rate;
	return NULL;
}

static void rate_format(const struct directive *directive, const void *field, struct buf *out)
{
	const struct rate *rate = field;
	char pause[32];

	(void)directive;
	scan_duration_format(rate->pause, pause);
	if (rate->number == UNLIMITED)
		native_value(out, "");
	else
		buf_addf(out, "{ %" PRId64 ", %s }", rate->number, pause);
}

static void rate_json(const struct directive *directive, const void *field, struct buf *out)
{
	const struct rate *rate = field;

	(void)directive;
	if (rate->number == UNLIMITED) {
		buf_text(out, "null");
		return;
	}
	buf_addf(out, "{\"number\": %" PRId64 ", \"pause\": ", rate->number);
	decimal_add(out, rate->pause, 6);
	buf_char(out, '}');
}

const struct type type_rate = {
	.name = "rate", .kind = FIELD_OWN, .is_tuple = true, .empty_unsets = true, .size = sizeof(struct rate),
	.parse = rate_parse, .format = rate_format, .json = rate_json,
};
