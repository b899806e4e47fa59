/* Types of resource limits: memory and tasks by number or by share, percentages, weights. A share stays a share in the
 * table, because it depends on the machine. */
#include <ctype.h>
#include <inttypes.h>
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

static void percent_show(int64_t hundredths, struct buf *out)
{
	int64_t whole = hundredths / 100, rest = hundredths % 100;

	buf_addf(out, "%" PRId64, whole);
	if (rest)
		buf_addf(out, rest % 10 ? ".%02" PRId64 : ".%" PRId64, rest % 10 ? rest : rest / 10);
	buf_char(out, '%');
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

static void amount_show(const struct amount *amount, struct buf *out)
{
	char text[32];

	if (amount->share >= 0) {
		percent_show(amount->share, out);
	} else if (amount->number == SCAN_INFINITY) {
		buf_text(out, "infinity");
	} else {
		scan_bytes_format(amount->number, text);
		buf_text(out, text);
	}
}

static void tasks_show(const struct amount *amount, struct buf *out)
{
	if (amount->share >= 0 || amount->number == SCAN_INFINITY)
		amount_show(amount, out);
	else
		buf_addf(out, "%" PRId64, amount->number);
}

static bool amount_is_unset(const struct amount *amount)
{
	return amount->number < 0 && amount->share < 0;
}

static void amount_format(const struct amount *amount, void (*show)(const struct amount *amount, struct buf *out),
			  struct buf *out)
{
	struct buf text = { 0 };

	if (!amount_is_unset(amount))
		show(amount, &text);
	native_take(out, &text);
}

static void memory_format(const struct directive *directive, const void *field, struct buf *out)
{
	(void)directive;
	amount_format(field, amount_show, out);
}

static void tasks_format(const struct directive *directive, const void *field, struct buf *out)
{
	(void)directive;
	amount_format(field, tasks_show, out);
}

static void amount_json(const struct directive *directive, const void *field, struct buf *out)
{
	const struct amount *amount = field;

	(void)directive;
	if (amount_is_unset(amount)) {
		buf_text(out, "null");
	} else if (amount->share < 0 && amount->number != SCAN_INFINITY) {
		buf_addf(out, "%" PRId64, amount->number);
	} else {
		buf_char(out, '"');
		amount_show(amount, out);
		buf_char(out, '"');
	}
}

static bool amount_equal(const void *a, const void *b)
{
	const struct amount *left = a, *right = b;

	return left->number == right->number && left->share == right->share;
}

const struct type type_memory = {
	.name = "amount of memory", .complete = "", .empty_unsets = true, .size = sizeof(struct amount),
	.parse = memory_parse, .format = memory_format, .json = amount_json, .equal = amount_equal,
};

const struct type type_tasks = {
	.name = "number or share", .complete = "", .empty_unsets = true, .size = sizeof(struct amount),
	.parse = tasks_parse, .format = tasks_format, .json = amount_json, .equal = amount_equal,
};

static const char *quota_parse(struct parse *parse, void *field)
{
	int64_t value;

	if (!percent_scan(parse->words[0], &value) || !value)
		return "expected a share of one processor as 20%; 200% is two processors";
	*(int64_t *)field = value;
	return NULL;
}

static void quota_format(const struct directive *directive, const void *field, struct buf *out)
{
	struct buf text = { 0 };

	if (!value_is_unset(directive, field))
		percent_show(*(const int64_t *)field, &text);
	native_take(out, &text);
}

static void quota_json(const struct directive *directive, const void *field, struct buf *out)
{
	if (value_is_unset(directive, field)) {
		buf_text(out, "null");
		return;
	}
	buf_char(out, '"');
	percent_show(*(const int64_t *)field, out);
	buf_char(out, '"');
}

const struct type type_quota = {
	.name = "share of a processor", .complete = "", .empty_unsets = true, .size = sizeof(int64_t),
	.parse = quota_parse, .format = quota_format, .json = quota_json, .equal = number_field_equal,
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

static void weight_format(const struct directive *directive, const void *field, struct buf *out)
{
	int64_t value = *(const int64_t *)field;

	if (value_is_unset(directive, field))
		native_value(out, "");
	else if (value)
		buf_addf(out, "%" PRId64, value);
	else
		buf_text(out, "idle");
}

static void weight_json(const struct directive *directive, const void *field, struct buf *out)
{
	int64_t value = *(const int64_t *)field;

	if (value_is_unset(directive, field))
		buf_text(out, "null");
	else if (value)
		buf_addf(out, "%" PRId64, value);
	else
		buf_text(out, "\"idle\"");
}

const struct type type_weight = {
	.name = "weight", .complete = "", .empty_unsets = true, .size = sizeof(int64_t),
	.parse = weight_parse, .format = weight_format, .json = weight_json, .equal = number_field_equal,
};
