/* Resource limits: soft:hard, or one value for both. An empty side keeps superd's own limit.
 *
 * The resource determines the unit of a limit: seconds of processor time, microseconds of real-time scheduling, bytes,
 * counts (getrlimit(2)). The offset of the field is the resource, so rlimit_cpu accepts 10min and rlimit_as accepts
 * 64M. */
#include <inttypes.h>
#include <string.h>
#include <sys/resource.h>

#include "lib/scan.h"
#include "table/type/type_internal.h"

#define NICE_MOST 40                    /* a nice value of -20: getrlimit(2), RLIMIT_NICE */

/* Returns the RLIMIT_x of an option, from the offset of its field; -1: another field, as in tests. */
static int limit_resource(const struct directive *directive)
{
	return directive->group == GROUP_LIMITS ? (int)(directive->offset / sizeof(struct limit)) : -1;
}

/* Returns the unit of a resource in microseconds; 0: it is no time. */
static int64_t limit_unit(const struct directive *directive)
{
	int resource = limit_resource(directive);

	return resource == RLIMIT_CPU ? 1000000 : resource == RLIMIT_RTTIME ? 1 : 0;
}

static const char *limit_read(const struct directive *directive, const char *text, int64_t *out)
{
	int64_t unit = limit_unit(directive);
	const char *reason;

	*out = -1;
	if (!*text)
		return NULL;
	reason = scan_unlimited(text, out);
	if (reason && unit) {
		reason = scan_duration(text, out);
		if (!reason && *out != SCAN_INFINITY)
			*out = *out / unit + (*out % unit != 0);
	} else if (reason) {
		reason = scan_bytes(text, out);
	}
	if (!reason && *out < 0)
		return "a limit is not negative";
	if (!reason && limit_resource(directive) == RLIMIT_NICE && *out > NICE_MOST && *out != SCAN_INFINITY)
		return "expected a number from 0 to 40, which is 20 minus the lowest nice value";
	return reason;
}

static const char *limit_parse(struct parse *parse, void *field)
{
	const char *text = parse->words[0], *colon = strchrnul(text, ':'), *reason;
	const char *soft = pool_text_n(parse->pool, text, (size_t)(colon - text));
	struct limit limit;

	if (!soft)
		return NO_MEMORY;
	reason = limit_read(parse->directive, soft, &limit.soft);
	limit.hard = limit.soft;
	if (!reason && *colon)
		reason = limit_read(parse->directive, colon + 1, &limit.hard);
	if (reason)
		return reason;
	if (limit.hard >= 0 && limit.soft > limit.hard)
		return "the soft limit, before the colon, is at most the hard limit after it";
	*(struct limit *)field = limit;
	return NULL;
}

static void limit_show(int64_t value, char buf[32])
{
	if (value < 0)
		buf[0] = '\0';
	else if (value == UNLIMITED)
		strcpy(buf, "unlimited");
	else
		snprintf(buf, 32, "%" PRId64, value);
}

static void limit_format(const struct directive *directive, const void *field, struct buf *out)
{
	const struct limit *limit = field;
	char soft[32], hard[32], both[80];

	(void)directive;
	limit_show(limit->soft, soft);
	limit_show(limit->hard, hard);
	snprintf(both, sizeof(both), "%s:%s", soft, hard);
	if (limit->soft == limit->hard)
		native_value(out, soft);
	else
		native_quoted(out, both);
}

static void limit_json_part(int64_t value, struct buf *out)
{
	if (value < 0)
		buf_text(out, "null");
	else if (value == UNLIMITED)
		buf_text(out, "\"unlimited\"");
	else
		buf_addf(out, "%" PRId64, value);
}

static void limit_json(const struct directive *directive, const void *field, struct buf *out)
{
	const struct limit *limit = field;

	(void)directive;
	buf_text(out, "{\"soft\": ");
	limit_json_part(limit->soft, out);
	json_wide_name(out, "hard");
	limit_json_part(limit->hard, out);
	buf_char(out, '}');
}

const struct type type_limit = {
	.name = "limit", .kind = FIELD_OWN, .size = sizeof(struct limit),
	.parse = limit_parse, .format = limit_format, .json = limit_json,
};
