/* Types of a service's own log: its target and its contents.
 *
 * A log file without a hard limit gets xinetd's default: 1 % above the soft limit, at least 5K and at most 20K
 * (xinetd.conf(5)). It is computed here, so that --print shows it. */
#include <inttypes.h>
#include <string.h>
#include <strings.h>
#include <syslog.h>

#include "lib/log/log.h"
#include "lib/scan.h"
#include "table/type/type_internal.h"

#define MARGIN_LEAST (INT64_C(5) * 1024)
#define MARGIN_MOST (INT64_C(20) * 1024)
#define LOG_FORMS "expected {SYSLOG, facility, level} or {FILE, path, soft limit, hard limit}"

/* By the numbers of syslog(3). */
static const char *const level_words[] = {
	"emerg", "alert", "crit", "err", "warning", "notice", "info", "debug", NULL
};

/* The facilities of syslog.conf(5), which lib/log/log_sink.c knows, too. */
static const char *const facility_words[] = {
	"daemon", "auth", "authpriv", "user", "mail", "lpr", "news", "uucp", "ftp", "cron", "syslog", "kern",
	"local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7", NULL
};

static const char *syslog_parse(struct parse *parse, struct log_target *target)
{
	unsigned facility, level = LOG_INFO;
	words list = parse->words;

	if (parse->count < 2 || parse->count > 3)
		return "SYSLOG must be followed by a facility such as daemon, and optionally by a level (default info)";
	parse->bad = 1;
	if (!words_find(facility_words, list[1], &facility))
		return words_refuse(facility_words, list[1], parse->pool);
	parse->bad = 2;
	if (parse->count == 3 && !words_find(level_words, list[2], &level))
		return words_refuse(level_words, list[2], parse->pool);
	target->kind = LOG_TYPE_SYSLOG;
	target->facility = syslog_facility(facility_words[facility]);
	target->level = (int)level;
	return NULL;
}

static int64_t hard_by_default(int64_t soft)
{
	int64_t margin = soft / 100;

	if (margin < MARGIN_LEAST)
		margin = MARGIN_LEAST;
	if (margin > MARGIN_MOST)
		margin = MARGIN_MOST;
	return soft < SCAN_INFINITY - margin ? soft + margin : SCAN_INFINITY;
}

static const char *file_parse(struct parse *parse, struct log_target *target)
{
	words list = parse->words;

	if (parse->count < 2 || parse->count > 4)
		return "FILE must be followed by a path, and optionally by a soft and a hard limit of its size";
	parse->bad = 1;
	if (list[1][0] != '/')
		return "a path starts with /";
	parse->bad = 2;
	target->soft = target->hard = SCAN_INFINITY;
	if (parse->count > 2 && (scan_bytes(list[2], &target->soft) || target->soft < 1))
		return "the soft limit is a size, as in 500K or 10M";
	target->hard = hard_by_default(target->soft);
	parse->bad = 3;
	if (parse->count > 3 && (scan_bytes(list[3], &target->hard) || target->hard < target->soft))
		return "the hard limit is a size that is not below the soft one";
	target->kind = LOG_TYPE_FILE;
	target->path = pool_text(parse->pool, list[1]);
	return target->path ? NULL : NO_MEMORY;
}

static const char *log_type_parse(struct parse *parse, void *field)
{
	const struct log_target *kept;
	struct log_target target;
	const char *kind = parse->count ? parse->words[0] : "", *reason = LOG_FORMS;

	memset(&target, 0, sizeof(target));
	if (!strcasecmp(kind, "SYSLOG"))
		reason = syslog_parse(parse, &target);
	else if (!strcasecmp(kind, "FILE"))
		reason = file_parse(parse, &target);
	if (reason)
		return reason;
	kept = pool_keep(parse->pool, &target, sizeof(target));
	if (!kept)
		return NO_MEMORY;
	*(const struct log_target **)field = kept;
	return NULL;
}

static const char *facility_name(int facility)
{
	for (size_t i = 0; facility_words[i]; i++) {
		if (syslog_facility(facility_words[i]) == facility)
			return facility_words[i];
	}
	return "daemon";
}

static void log_type_format(const struct directive *directive, const void *field, struct buf *out)
{
	const struct log_target *target = *(const struct log_target *const *)field;
	char size[32];

	(void)directive;
	if (!target) {
		native_value(out, "");
	} else if (target->kind == LOG_TYPE_SYSLOG) {
		buf_addf(out, "{ \"SYSLOG\", \"%s\", \"%s\" }", facility_name(target->facility),
			 level_words[target->level & 7]);
	} else {
		buf_text(out, "{ \"FILE\", ");
		native_quoted(out, target->path);
		if (target->soft != SCAN_INFINITY) {
			scan_bytes_format(target->soft, size);
			buf_addf(out, ", \"%s\"", size);
			scan_bytes_format(target->hard, size);
			buf_addf(out, ", \"%s\"", size);
		}
		buf_text(out, " }");
	}
}

static void size_json(int64_t size, struct buf *out)
{
	if (size == SCAN_INFINITY)
		buf_text(out, "null");
	else
		buf_addf(out, "%" PRId64, size);
}

static void log_type_json(const struct directive *directive, const void *field, struct buf *out)
{
	const struct log_target *target = *(const struct log_target *const *)field;

	(void)directive;
	if (!target) {
		buf_text(out, "null");
	} else if (target->kind == LOG_TYPE_SYSLOG) {
		buf_addf(out, "{\"facility\": \"%s\", \"level\": \"%s\"}", facility_name(target->facility),
			 level_words[target->level & 7]);
	} else {
		buf_text(out, "{\"file\": ");
		json_text(out, target->path);
		json_wide_name(out, "soft");
		size_json(target->soft, out);
		json_wide_name(out, "hard");
		size_json(target->hard, out);
		buf_char(out, '}');
	}
}

static bool log_type_equal(const void *a, const void *b)
{
	const struct log_target *left = *(const struct log_target *const *)a;
	const struct log_target *right = *(const struct log_target *const *)b;

	if (!left || !right)
		return left == right;
	return left->kind == right->kind && left->facility == right->facility && left->level == right->level &&
	       left->soft == right->soft && left->hard == right->hard &&
	       type_equal(&type_path, &left->path, &right->path);
}

const struct type type_log_type = {
	.name = "log type", .kind = FIELD_OWN, .is_tuple = true, .empty_unsets = true,
	.size = sizeof(const struct log_target *),
	.parse = log_type_parse, .format = log_type_format, .json = log_type_json, .equal = log_type_equal,
};

static const char *flags_parse(struct parse *parse, void *field)
{
	unsigned set = parse->append ? *(const unsigned *)field : 0, bit;
	const char *const *known = parse->directive->words;

	for (size_t i = 0; i < parse->count; i++) {
		parse->bad = i;
		if (!words_find(known, parse->words[i], &bit))
			return words_refuse(known, parse->words[i], parse->pool);
		set |= 1u << bit;
	}
	*(unsigned *)field = set;
	return NULL;
}

static void flags_show(const struct directive *directive, const void *field, struct buf *out, quote_text *quote)
{
	bits_show(*(const unsigned *)field, directive->words, "", out, quote);
}

const struct type type_flags = {
	.name = "list of flags", .kind = FIELD_SET, .is_list = true, .judges_each = true, .size = sizeof(unsigned),
	.parse = flags_parse, .show = flags_show,
};
