/* Types of resource limits: memory and tasks by number or by share, percentages, weights. A share stays a share in the
 * table, because it depends on the machine. */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/scan.h"
#include "table/type/type_internal.h"
#include "table/words/resource_words.h"

/* Reads "12.5%" in hundredths of a percent. false: it is no percentage. */
static bool percent_scan(const char *text, int64_t *hundredths)
{
	int64_t value = 0, unit = WHOLE / 100;
	const char *at = text;

	for (; isdigit((unsigned char)*at) && value < INT32_MAX; at++)
		value = 10 * value + (*at - '0');
	if (at == text || value > INT32_MAX)
		return false;
	value *= unit;
	if (*at == '.') {
		for (at++; isdigit((unsigned char)*at) && unit > 1; at++) {
			unit /= 10;
			value += unit * (*at - '0');
		}
	}
	if (strcmp(at, "%") != 0)
		return false;
	*hundredths = value;
	return true;
}

static void percent_show(int64_t hundredths, char *buf)
{
	int64_t whole = hundredths / 100, rest = hundredths % 100;

	if (!rest)
		snprintf(buf, 32, "%" PRId64 "%%", whole);
	else if (rest % 10)
		snprintf(buf, 32, "%" PRId64 ".%02" PRId64 "%%", whole, rest);
	else
		snprintf(buf, 32, "%" PRId64 ".%" PRId64 "%%", whole, rest / 10);
}

typedef const char *scan_number(const char *text, int64_t *out);

static const char *amount_read(const char *text, scan_number *scan, struct amount *out, const char *wrong)
{
	struct amount amount = { -1, -1 };

	if (percent_scan(text, &amount.share) ? amount.share > WHOLE : scan(text, &amount.number) || amount.number < 0)
		return wrong;
	*out = amount;
	return NULL;
}

static const char *memory_parse(struct parse *parse, void *field)
{
	struct amount amount;
	const char *wrong = "expected a size with the unit K, M, G or T, a share of the machine's as 10%, or infinity";
	const char *reason = amount_read(parse->words[0], scan_bytes, &amount, wrong);

	if (reason)
		return reason;
	if (parse->directive->least && (!amount.number || !amount.share))
		return "without any memory no program runs";
	*(struct amount *)field = amount;
	return NULL;
}

static const char *tasks_parse(struct parse *parse, void *field)
{
	struct amount amount;
	const char *wrong = "expected a number of at least 1, a share of the machine's maximum such as 10%, or "
			    "infinity";
	const char *reason = amount_read(parse->words[0], scan_unlimited, &amount, wrong);

	if (reason)
		return reason;
	if (!amount.number || !amount.share)
		return "without a single task no program runs";
	*(struct amount *)field = amount;
	return NULL;
}

static bool amount_is_unset(const struct amount *amount)
{
	return amount->number < 0 && amount->share < 0;
}

static void memory_show(const struct directive *directive, const void *field, struct buf *out, quote_text *quote)
{
	const struct amount *amount = field;
	char text[32] = "";

	(void)directive, (void)quote;
	if (amount->share >= 0)
		percent_show(amount->share, text);
	else if (!amount_is_unset(amount))
		scan_bytes_format(amount->number, text);
	buf_text(out, text);
}

static void tasks_show(const struct directive *directive, const void *field, struct buf *out, quote_text *quote)
{
	const struct amount *amount = field;

	if (amount->number >= 0 && amount->number != SCAN_INFINITY)
		buf_addf(out, "%" PRId64, amount->number);
	else
		memory_show(directive, field, out, quote);
}

const struct type type_memory = {
	.name = "amount of memory", .kind = FIELD_NUMBER, .empty_unsets = true, .size = sizeof(struct amount),
	.parse = memory_parse, .show = memory_show,
};

const struct type type_tasks = {
	.name = "number or share", .kind = FIELD_NUMBER, .empty_unsets = true, .size = sizeof(struct amount),
	.parse = tasks_parse, .show = tasks_show,
};

static const char *quota_scan(const char *text, int64_t *out)
{
	return percent_scan(text, out) && *out ? NULL : "expected a share of one processor as 20%; 200% is two "
							"processors";
}

static const struct number quota_kind = { .scan = quota_scan, .show = percent_show, .most = INT64_MAX };

const struct type type_quota = {
	.name = "share of a processor", .kind = FIELD_NUMBER, .empty_unsets = true, .size = sizeof(int64_t),
	.number = &quota_kind, .parse = number_parse, .show = number_show,
};

/* If the directive's `least` is 0, "idle" is 0: the backend runs when nothing else does. */
static const char *weight_parse(struct parse *parse, void *field)
{
	const char *text = parse->words[0];
	bool knows_idle = parse->directive->least == 0;
	int64_t value;

	if (knows_idle && !strcmp(text, "idle"))
		value = 0;
	else if (scan_count(text, &value) || value < 1 || value > parse->directive->most)
		return knows_idle ? "expected a number from 1 to 10000, or idle" : "expected a number from 1 to 10000";
	*(int64_t *)field = value;
	return NULL;
}

static void weight_show(int64_t value, char *buf)
{
	snprintf(buf, 32, value ? "%" PRId64 : "idle", value);
}

static const struct number weight_kind = { .show = weight_show };

const struct type type_weight = {
	.name = "weight", .kind = FIELD_NUMBER, .empty_unsets = true, .size = sizeof(int64_t), .number = &weight_kind,
	.parse = weight_parse, .show = number_show,
};
