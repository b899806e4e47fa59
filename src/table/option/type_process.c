/* Types of what a process gets: commands, streams, logs, limits, scheduling; and settings of superd itself. */
#include "table/option/internal.h"

#include <sys/resource.h>
#include <syslog.h>

/* Types of lists of commands, exit statuses and conditions, and of the signs in front of exec. The words are kept as
 * written; superd parses them again when it uses them (table/service/command_prefix, table/service/exit_status,
 * table/option/condition). */

const struct type type_commands = WORDS_TYPE("list of commands", command_refuse);

const struct type type_statuses = WORDS_TYPE("list of exit statuses", exit_status_refuse);

static const char *condition_refuse(const char *word)
{
	struct condition condition;

	return condition_read(word, &condition);
}

const struct type type_conditions = WORDS_TYPE("list of conditions", condition_refuse);

const struct type type_signs = { .name = "signs", .kind = FIELD_TEXT, .refuse = command_refuse_prefix };

/* Type of the standard streams of a backend. A word may have a path behind a colon; fd may have the name of a
 * socket. */

static const char *const stream_words[] = {
	[STREAM_LOG] = "log", [STREAM_FILE] = "file", [STREAM_APPEND] = "append",
	[STREAM_TRUNCATE] = "truncate", [STREAM_NULL] = "null", [STREAM_INHERIT] = "inherit",
	[STREAM_SOCKET] = "socket",
	[STREAM_DESCRIPTOR] = "fd", NULL
};

static const char *stream_parse(struct parse *parse, void *field)
{
	const char *const *allowed = parse->option->words ? parse->option->words : stream_words;
	const char *text = parse->words[0], *behind = strchrnul(text, ':'), *word, *path;
	bool is_descriptor, has_path;
	unsigned kind = 0;

	while (stream_words[kind] && !scan_is_word(text, (size_t)(behind - text), stream_words[kind]))
		kind++;
	is_descriptor = kind == STREAM_DESCRIPTOR;
	has_path = kind == STREAM_FILE || kind == STREAM_APPEND || kind == STREAM_TRUNCATE;
	if (!stream_words[kind] || !words_have(allowed, stream_words[kind]) ||
	    (*behind && !is_descriptor && !has_path)) {
		word = pool_text_n(parse->pool, text, (size_t)(behind - text));
		return word ? words_refuse(allowed, word, parse->pool) : NO_MEMORY;
	}
	if (has_path && strncmp(behind, ":/", 2) != 0)
		return "file:, append: and truncate: must be followed by a path that starts with /";
	if (is_descriptor && !strcmp(behind, ":"))
		return "fd: must be followed by the name of a socket";
	path = *behind ? pool_text(parse->pool, behind + 1) : NULL;
	if (*behind && !path)
		return NO_MEMORY;
	*(struct stream *)field = (struct stream){ .kind = kind, .path = path };
	return NULL;
}

static void stream_show(const struct option_def *option, const void *field, struct buf *out)
{
	const struct stream *stream = field;

	(void)option;
	buf_text(out, stream_words[stream->kind]);
	if (stream->path)
		buf_addf(out, ":%s", stream->path);
}

const struct type type_stream = {
	SHOWN_TYPE("stream", struct stream, stream_parse, stream_show), .has_pointers = true,
};

/* Types of a service's own log: its target and its contents.
 *
 * A log file without a hard limit gets xinetd's default: 1 % above the soft limit, at least 5K and at most 20K
 * (xinetd.conf(5)). It is computed here, so that --print shows it. */

#define MARGIN_LEAST (INT64_C(5) * 1024)
#define MARGIN_MOST (INT64_C(20) * 1024)
#define LOG_FORMS "expected {SYSLOG, facility, level} or {FILE, path, soft limit, hard limit}"

const char *const syslog_level_words[] = {
	"emerg", "alert", "crit", "err", "warning", "notice", "info", "debug", NULL
};

static const char *syslog_parse(struct parse *parse, struct log_target *target)
{
	unsigned facility, level = LOG_INFO;
	words list = parse->words;

	if (parse->count < 2 || parse->count > 3)
		return "SYSLOG must be followed by a facility such as daemon, and optionally by a level (default info)";
	parse->bad = 1;
	if (!words_find(syslog_facilities, list[1], &facility))
		return words_refuse(syslog_facilities, list[1], parse->pool);
	parse->bad = 2;
	if (parse->count == 3 && !words_find(syslog_level_words, list[2], &level))
		return words_refuse(syslog_level_words, list[2], parse->pool);
	target->kind = LOG_TYPE_SYSLOG;
	target->facility = (int)facility << 3;
	target->level = (int)level;
	return NULL;
}

static const char *file_parse(struct parse *parse, struct log_target *target)
{
	words list = parse->words;
	int64_t margin;

	if (parse->count < 2 || parse->count > 4)
		return "FILE must be followed by a path, and optionally by a soft and a hard limit of its size";
	parse->bad = 1;
	if (list[1][0] != '/')
		return "a path starts with /";
	parse->bad = 2;
	target->soft = target->hard = SCAN_INFINITY;
	if (parse->count > 2 && (scan_bytes(list[2], &target->soft) || target->soft < 1))
		return "the soft limit is a size, as in 500K or 10M";
	margin = target->soft / 100;
	margin = margin < MARGIN_LEAST ? MARGIN_LEAST : margin > MARGIN_MOST ? MARGIN_MOST : margin;
	target->hard = target->soft < SCAN_INFINITY - margin ? target->soft + margin : SCAN_INFINITY;
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

static void log_type_show(const struct option_def *option, const void *field, struct buf *out)
{
	const struct log_target *target = *(const struct log_target *const *)field;
	char size[32];

	(void)option;
	if (!target)
		return;
	word_add(out, target->kind == LOG_TYPE_SYSLOG ? "SYSLOG" : "FILE");
	if (target->kind == LOG_TYPE_SYSLOG) {
		word_add(out, syslog_facilities[LOG_FAC(target->facility)]);
		word_add(out, syslog_level_words[target->level & 7]);
		return;
	}
	word_add(out, target->path);
	if (target->soft == SCAN_INFINITY)
		return;
	scan_bytes_format(target->soft, size);
	word_add(out, size);
	scan_bytes_format(target->hard, size);
	word_add(out, size);
}

const struct type type_log_type = {
	SET_TYPE("log type", const struct log_target *, log_type_parse, log_type_show), .is_tuple = true,
	.has_pointers = true,
};

static const char *flags_parse(struct parse *parse, void *field)
{
	unsigned set = parse->append ? *(const unsigned *)field : 0, bit;
	const char *const *known = parse->option->words;

	for (size_t i = 0; i < parse->count; i++) {
		parse->bad = i;
		if (!words_find(known, parse->words[i], &bit))
			return words_refuse(known, parse->words[i], parse->pool);
		set |= 1u << bit;
	}
	*(unsigned *)field = set;
	return NULL;
}

static void flags_show(const struct option_def *option, const void *field, struct buf *out)
{
	bits_show(*(const unsigned *)field, option->words, "", out);
}

const struct type type_flags = {
	SET_TYPE("list of flags", unsigned, flags_parse, flags_show), .is_list = true, .judges_each = true,
};

/* The types of settings of superd itself. */

/* A daemon leaves the folder that a relative path would begin in. */
static const char *destination_parse(struct parse *parse, void *field)
{
	const char *destination = parse->words[0], *reason = log_sink_refusal(destination);

	if (!reason && !strncmp(destination, "file:", 5) && destination[5] != '/')
		reason = "expected a path that starts with / after file:";
	return reason ? reason : text_keep(parse->pool, destination, field);
}

const struct type type_destination = { .name = "log destination", .kind = FIELD_TEXT, .parse = destination_parse };

static const char *control_refuse(const char *control)
{
	return *control == '/' || (*control == '@' && control[1]) || !strcmp(control, "none")
		? NULL : "expected a path that starts with /, @name, or none";
}

const struct type type_control = { .name = "control socket", .kind = FIELD_TEXT, .refuse = control_refuse };

static const char *fdstore_refuse(const char *where)
{
	return !strcmp(where, "notify") || !strcmp(where, "none") ? NULL : "expected notify or none";
}

const struct type type_fdstore = { .name = "store of sockets", .kind = FIELD_TEXT, .refuse = fdstore_refuse };

/* Resource limits: soft:hard, or one value for both. An empty side keeps superd's own limit.
 *
 * The resource determines the unit of a limit: seconds of processor time, microseconds of real-time scheduling, bytes,
 * counts (getrlimit(2)). The offset of the field is the resource, so rlimit_cpu accepts 10min and rlimit_as accepts
 * 64M. */

#define NICE_MOST 40                    /* a nice value of -20: getrlimit(2), RLIMIT_NICE */

static const char *limit_read(const struct option_def *option, const char *text, int64_t *out)
{
	/* RLIMIT_x, from the offset of its field; -1: another field, as in tests. */
	int resource = option->group == GROUP_LIMITS ? (int)(option->offset / sizeof(struct limit)) : -1;
	/* In microseconds; 0: it is no time. */
	int64_t unit = resource == RLIMIT_CPU ? 1000000 : resource == RLIMIT_RTTIME ? 1 : 0;
	const char *reason;

	*out = -1;
	if (!*text)
		return NULL;
	/* A sign makes it a nice value: LimitNICE= in systemd.exec(5). */
	if (resource == RLIMIT_NICE && strchr("+-", *text)) {
		reason = scan_count(text, out);
		if (reason)
			return reason;
		if (*out < -20 || *out > 19)
			return "expected a nice value from -20 to +19";
		*out = 20 - *out;
		return NULL;
	}
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
	if (!reason && resource == RLIMIT_NICE && *out > NICE_MOST && *out != SCAN_INFINITY)
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
	reason = limit_read(parse->option, soft, &limit.soft);
	limit.hard = limit.soft;
	if (!reason && *colon)
		reason = limit_read(parse->option, colon + 1, &limit.hard);
	if (reason)
		return reason;
	if (limit.hard >= 0 && limit.soft > limit.hard)
		return "the soft limit, before the colon, is at most the hard limit after it";
	*(struct limit *)field = limit;
	return NULL;
}

static void limit_show(const struct option_def *option, const void *field, struct buf *out)
{
	const struct limit *limit = field;
	char soft[32] = "", hard[32] = "";

	(void)option;
	if (limit->soft >= 0)
		count_show(limit->soft, soft);
	if (limit->hard >= 0)
		count_show(limit->hard, hard);
	buf_addf(out, limit->hard == limit->soft ? "%s" : "%s:%s", soft, hard);
}

const struct type type_limit = { SHOWN_TYPE("limit", struct limit, limit_parse, limit_show) };

/* The value always has its level, so that a class has one text; the default is 4, as the kernel's (ioprio_set(2)). */
static const char *scheduling_parse(struct parse *parse, void *field)
{
	const char *text = parse->words[0], *level = strchrnul(text, ':');
	size_t length = (size_t)(level - text);
	char whole[32];

	if (!*text || !strcmp(text, "idle"))
		return text_keep(parse->pool, text, field);
	if ((!scan_is_word(text, length, "best-effort") && !scan_is_word(text, length, "realtime")) ||
	    (*level && (level[1] < '0' || level[1] > '7' || level[2])))
		return "expected idle, best-effort or realtime, the latter two optionally with a level, :0 to :7";
	snprintf(whole, sizeof(whole), "%.*s:%c", (int)length, text, *level ? level[1] : '4');
	return text_keep(parse->pool, whole, field);
}

const struct type type_scheduling = { .name = "I/O scheduling", .kind = FIELD_TEXT, .parse = scheduling_parse };
