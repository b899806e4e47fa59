/* superd's log: one line for each event, as text, as JSON or in xinetd's form.
 *
 * Each line is composed as a whole, no longer than the sink takes at once, before any of it is written. A line that
 * is too long loses the end of its message and keeps its form, so JSON stays valid. */
#include "base/log/log.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/list.h"
#include "base/log/log_sink.h"
#include "base/scan.h"

#define END_PATIENCE 1000       /* milliseconds that superd's end waits for readers of the log */
#define FACT_MOST 300           /* bytes of one fact in JSON; the message gets the rest of the line */

struct log {
	struct log_sink sink;
	bool json;
	const char *name;               /* superd's own */
	bool like_xinetd;
	bool echoes;                    /* errors, to stderr */
	enum level level;
	struct log_losses losses;       /* of the sink and others, ever */
	int64_t deadline;               /* log_deadline; 0: nobody has asked */
	struct tap {
		enum level level;
		void (*heard)(void *context, enum level level, const struct event *event, const char *message,
			      size_t length);
		void *context;
	} tap;
	struct buf message, line;       /* kept, so a log line needs no memory once they have grown */
};

static const struct {
	const char *name;
	int severity;
	const char *prefix;             /* in the text form */
} levels[] = {
	[LEVEL_ERROR] = { "error", LOG_ERR, "" },
	[LEVEL_WARNING] = { "warning", LOG_WARNING, "warning: " },
	[LEVEL_NOTICE] = { "notice", LOG_NOTICE, "" },
	[LEVEL_INFO] = { "info", LOG_INFO, "" },
	[LEVEL_DEBUG] = { "debug", LOG_DEBUG, "debug: " },
};

const char *log_parse_level(const char *text, enum level *out)
{
	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
		if (strcmp(levels[i].name, text) != 0)
			continue;
		*out = (enum level)i;
		return NULL;
	}
	return "a level is error, warning, notice, info or debug";
}

void log_set_name(struct log *log, const char *name, bool like_xinetd)
{
	log->name = name;
	log->like_xinetd = like_xinetd;
	log->sink.ident = name;
}

const char *log_name(const struct log *log)
{
	return log ? log->name : "superd";
}

void log_finish(struct log *log)
{
	if (log)
		log_sink_finish(&log->sink, log_deadline(log));
}

void log_echo(struct log *log, bool on)
{
	if (log)
		log->echoes = on;
}

void log_close(struct log *log)
{
	if (!log)
		return;
	log_finish(log);
	log_sink_close(&log->sink);
	buf_free(&log->message);
	buf_free(&log->line);
	free(log);
}

const char *log_file_path(const struct log *log)
{
	return log ? log->sink.path : NULL;
}

bool log_stand_in(struct log *log, const char *path)
{
	log->sink.path = strdup(path);
	return log->sink.path;
}

void log_say_kept(struct log *log, const char *why)
{
	log_error(log, "cannot open the log %s again: %s; %s", log->sink.path, why,
		  log->sink.kind == LOG_SINK_FILE ? "the open one goes on" : "it still goes to stderr");
}

bool log_reopen(struct log *log)
{
	bool stands_in = log && log->sink.path && log->sink.kind != LOG_SINK_FILE;

	if (!log)
		return true;
	if (!log_sink_reopen(&log->sink)) {
		log_say_kept(log, strerror(errno));
		return false;
	}
	if (stands_in)
		log_notice(log, "logging to file:%s again", log->sink.path);
	return true;
}

void log_tap(struct log *log, enum level level,
	     void (*heard)(void *context, enum level level, const struct event *event, const char *message,
			   size_t length),
	     void *context)
{
	if (log)
		log->tap = (struct tap){ level, heard, context };
}

const char *log_level_name(enum level level)
{
	return levels[level].name;
}

static bool tap_wants(const struct log *log, enum level level)
{
	return log->tap.heard && level <= log->tap.level;
}

bool log_wants(const struct log *log, enum level level)
{
	return log && (level <= log->level || tap_wants(log, level));
}

unsigned long log_dropped(const struct log *log)
{
	return log ? log->losses.all : 0;
}

struct log_sink *log_sink(struct log *log)
{
	return log ? &log->sink : NULL;
}

struct log_losses *log_losses(struct log *log)
{
	return log ? &log->losses : NULL;
}

int64_t log_deadline(struct log *log)
{
	int64_t milliseconds = clock_ms();

	if (!log)
		return milliseconds;
	if (!log->deadline)
		log->deadline = milliseconds + END_PATIENCE;
	return log->deadline;
}

/* RFC 3339 with milliseconds: 2026-01-31T23:59:59.042Z, or with +01:00 behind it. */
static void add_time(struct buf *out, bool is_local)
{
	struct timespec now;
	struct tm tm = { 0 };
	char text[32];
	long minutes;

	clock_gettime(CLOCK_REALTIME, &now);
	if (is_local)
		localtime_r(&now.tv_sec, &tm);
	else
		gmtime_r(&now.tv_sec, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	buf_addf(out, "%s.%03ld", text, now.tv_nsec / 1000000);
	minutes = labs(tm.tm_gmtoff) / 60;
	if (is_local)
		buf_addf(out, "%c%02ld:%02ld", tm.tm_gmtoff < 0 ? '-' : '+', minutes / 60, minutes % 60);
	else
		buf_char(out, 'Z');
}

static void add_fact(struct buf *out, const char *name, const char *text)
{
	if (text)
		json_bounded_field(out, name, text, FACT_MOST);
}

void log_add_facts(struct buf *out, enum level level, const struct event *event, const char *message, size_t length,
		   size_t most)
{
	char signal[32];

	add_fact(out, "level", levels[level].name);
	add_fact(out, "service", event->service);
	add_fact(out, "event", event->name);
	if (event->pid)
		json_whole_field(out, "pid", event->pid);
	add_fact(out, "peer", event->peer && *event->peer ? event->peer : NULL);
	if (event->has_status) {
		field_name(out, "status");
		buf_addf(out, "%d", event->status);
	}
	if (event->has_signal)
		add_fact(out, "signal", scan_signal_name(event->signal, signal));
	if (event->has_duration) {
		field_name(out, "duration");
		buf_addf(out, "%.3f", event->duration);
	}
	add_fact(out, "reason", event->reason);
	field_name(out, "message");
	json_quote_within(out, message, length, most - out->length - 1);
	json_object_close(out);
}

static void compose_json(struct log *log, enum level level, const struct event *event, const char *message,
			 size_t length)
{
	buf_text(&log->line, "{\"time\":\"");
	add_time(&log->line, false);
	buf_char(&log->line, '"');
	log_add_facts(&log->line, level, event, message, length, log_sink_most(&log->sink) - 1);
	buf_char(&log->line, '\n');
}

/* Time, name and pid, at the beginning of a line in a file. */
static void add_head(struct log *log, enum level level)
{
	struct buf *out = &log->line;
	time_t now = time(NULL);
	struct tm tm = { 0 };

	if (!log->like_xinetd) {
		add_time(out, true);
		buf_addf(out, " %s[%ld]: ", log->name, (long)getpid());
		return;
	}
	localtime_r(&now, &tm);
	buf_addf(out, "%02d/%02d/%02d@%02d:%02d:%02d %s[%ld]: ", tm.tm_year % 100, tm.tm_mon + 1, tm.tm_mday,
		 tm.tm_hour, tm.tm_min, tm.tm_sec, log->name, (long)getpid());
	for (const char *letter = levels[level].name; *letter; letter++)
		buf_char(out, (char)(*letter - 'a' + 'A'));
	buf_text(out, ": ");
}

static void compose_text(struct log *log, enum level level, const struct event *event, const char *message,
			 size_t length)
{
	const char *name = event->is_alone ? NULL : event->service;
	struct buf *out = &log->line;

	if (log->sink.kind == LOG_SINK_FILE) {
		add_head(log, level);
	} else if (log->sink.kind == LOG_SINK_STDERR && !name && !event->is_alone) {
		name = log->name;
	}
	if (name) {
		buf_visible(out, name, strlen(name));
		if (event->is_output && event->pid)
			buf_addf(out, "[%ld]", (long)event->pid);
		else if (event->is_output)
			buf_text(out, "[-]");
		buf_text(out, ": ");
	}
	if (!event->is_alone && !(log->like_xinetd && log->sink.kind == LOG_SINK_FILE))
		buf_text(out, levels[level].prefix);
	if (event->is_output)
		buf_visible_once(out, message, length);
	else
		buf_visible(out, message, length);
	if (buf_cut(out, log_sink_most(&log->sink) - strlen("…\n")))
		buf_text(out, "…");
	buf_char(out, '\n');
}

/* false: memory ran out. */
static bool compose(struct log *log, enum level level, const struct event *event, const char *message, size_t length)
{
	buf_clear(&log->line);
	if (log->json)
		compose_json(log, level, event, message, length);
	else
		compose_text(log, level, event, message, length);
	return !log->line.failed;
}

/* Logs the number of lines that were dropped. If there is no room for that now, a later call logs it. */
static void say_dropped(struct log_sink *sink)
{
	struct log *log = container_of(sink, struct log, sink);
	const struct log_losses lost = sink->unsaid;    /* the message itself may displace lines */
	const struct event event = { .name = "dropped" };
	struct buf text = { 0 }, kept = log->line;      /* the line behind it may be in there */

	log->line = (struct buf){ 0 };
	buf_addf(&text, "%lu line%s of the log %s dropped", lost.all, lost.all == 1 ? "" : "s",
		 lost.all == 1 ? "was" : "were");
	if (lost.of_clients)
		buf_addf(&text, ", %lu of them of clients", lost.of_clients);
	if (!text.failed && compose(log, LEVEL_WARNING, &event, text.data, text.length) &&
	    log_sink_put_first(sink, levels[LEVEL_WARNING].severity, log->line.data, log->line.length)) {
		sink->unsaid.all -= lost.all;
		sink->unsaid.of_clients -= lost.of_clients;
	}
	buf_free(&text);
	buf_free(&log->line);
	log->line = kept;
}

/* Whether a line is about a client that connected, was refused, or left. If the log runs out of room, it drops all
 * other lines first. */
static bool is_of_client(const struct event *event)
{
	static const char *const names[] = {
		"start", "exit", "fail", "refused", "started", "exited", "userid", "noid", "traffic", "sensor",
	};

	if (event->is_output)
		return false;
	if (event->peer)
		return true;
	for (size_t n = 0; n < sizeof(names) / sizeof(names[0]); n++) {
		if (event->name && !strcmp(event->name, names[n]))
			return true;
	}
	return false;
}

struct log *log_open(const char *destination, bool json, enum level level, const char **why)
{
	struct log *log = calloc(1, sizeof(*log));

	if (!log) {
		*why = "out of memory";
		return NULL;
	}
	log->json = json;
	log->level = level;
	log->name = "superd";
	*why = log_sink_open(&log->sink, destination);
	if (*why) {
		free(log);
		return NULL;
	}
	log->sink.lost = &log->losses;
	log->sink.say_dropped = say_dropped;
	return log;
}

static void tell_tap(struct log *log, enum level level, const struct event *event, const char *message, size_t length)
{
	struct tap tap = log->tap;

	if (!tap_wants(log, level))
		return;
	log->tap.heard = NULL;          /* it may log itself */
	tap.heard(tap.context, level, event, message, length);
	log->tap = tap;
}

static void echo(struct log *log, const struct event *event, const char *message, size_t length)
{
	const char *name = event->service ? event->service : log->name;
	struct pollfd reader = { .fd = STDERR_FILENO, .events = POLLOUT };
	struct buf *out = &log->line;

	buf_clear(out);
	buf_visible(out, name, strlen(name));
	buf_text(out, ": ");
	buf_visible(out, message, length);
	buf_char(out, '\n');
	if (!out->failed && poll(&reader, 1, 0) > 0 && write(STDERR_FILENO, out->data, out->length) < 0)
		return;                 /* it is in the log */
}

static void log_write(struct log *log, enum level level, const struct event *event, const char *message, size_t length)
{
	int saved = errno;

	if (!compose(log, level, event, message, length))
		log_sink_count_lost(&log->sink, is_of_client(event));
	else
		log_sink_take(&log->sink, levels[level].severity, log->line.data, log->line.length,
			      is_of_client(event));
	if (log->echoes && level == LEVEL_ERROR && log->sink.kind != LOG_SINK_STDERR && !event->is_output)
		echo(log, event, message, length);
	tell_tap(log, level, event, message, length);
	errno = saved;
}

static void log_format(struct log *log, enum level level, const struct event *event, const char *format,
		       va_list arguments) __attribute__((format(printf, 4, 0)));

static void log_format(struct log *log, enum level level, const struct event *event, const char *format,
		       va_list arguments)
{
	if (!log_wants(log, level))
		return;
	buf_clear(&log->message);
	buf_vaddf(&log->message, format, arguments);
	if (log->message.failed) {
		log_sink_count_lost(&log->sink, is_of_client(event));
		return;
	}
	if (level <= log->level)
		log_write(log, level, event, buf_string(&log->message), log->message.length);
	else
		tell_tap(log, level, event, buf_string(&log->message), log->message.length);
}

void log_event(struct log *log, enum level level, const struct event *event, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	log_format(log, level, event, format, arguments);
	va_end(arguments);
}

void log_say(struct log *log, enum level level, const char *format, ...)
{
	const struct event event = { .name = "message" };
	va_list arguments;

	va_start(arguments, format);
	log_format(log, level, &event, format, arguments);
	va_end(arguments);
}

void log_output(struct log *log, enum level level, const char *service, pid_t pid, const char *line, size_t length)
{
	const struct event event = { .name = "output", .service = service, .pid = pid, .is_output = true };

	if (log)
		log_write(log, level, &event, line, length);
}

void log_record(struct log *log, enum level level, const struct event *event, const char *line, size_t length)
{
	struct event alone = *event;

	alone.is_alone = true;
	if (log)
		log_write(log, level, &alone, line, length);
}
