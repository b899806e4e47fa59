/* superd's log: one line for each event, as text, as JSON or in xinetd's form.
 *
 * Each line is composed as a whole before any of it is written, and is no longer than the sink writes at once. A line
 * that is too long loses the end of its message and keeps its form, so JSON stays valid. */
#include "lib/lib.h"

#include <syslog.h>

#define END_WAIT 1000           /* milliseconds that superd waits at its end for readers of the log */
#define FACT_MOST 300           /* bytes of one fact in JSON; the message gets the rest of the line */

struct log {
	struct log_sink sink;
	bool json;
	const char *name;               /* log_set_name's, borrowed */
	bool like_xinetd;
	bool echoes;                    /* errors go to stderr, too: log_echo */
	enum level level;               /* the least severe level that is logged */
	unsigned long losses;           /* of this sink and superd's others, since the start */
	int64_t deadline;               /* log_deadline's result, milliseconds of clock_ms; 0: not asked yet */
	struct tap {                    /* log_tap's arguments */
		enum level level;
		void (*heard)(void *context, enum level level, const struct event *event, const char *message,
			      size_t length);
		void *context;
	} tap;
	struct buf message, line;       /* kept, so that logging allocates nothing once they have grown */
};

static const struct {
	const char *name;
	int severity;
	const char *prefix;             /* of the message in the text form */
} levels[] = {
	[LEVEL_ERROR] = { "error", LOG_ERR, "" },
	[LEVEL_WARNING] = { "warning", LOG_WARNING, "warning: " },
	[LEVEL_NOTICE] = { "notice", LOG_NOTICE, "" },
	[LEVEL_INFO] = { "info", LOG_INFO, "" },
	[LEVEL_DEBUG] = { "debug", LOG_DEBUG, "debug: " },
};

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

const char *log_move(struct log *log, const char *destination, int file)
{
	struct log_sink next;
	const char *why = log_sink_open(&next, destination, file);

	if (!why)
		log_sink_go_on(&log->sink, &next);
	return why;
}

void log_set_form(struct log *log, bool json, enum level level)
{
	log->json = json;
	log->level = level;
}

int log_shape(const struct log *log, struct log_shape *out)
{
	*out = (struct log_shape){ .json = log->json,
				   .like_xinetd = log->like_xinetd,
				   .is_regular = log->sink.is_regular,
				   .level = log->level,
				   .kind = log->sink.kind,
				   .mode = log->sink.mode,
				   .facility = log->sink.facility,
				   .pid = getpid() };
	snprintf(out->name, sizeof(out->name), "%s", log->name);
	return log->sink.kind == LOG_SINK_SYSLOG ? -1 : log->sink.fd;
}

void log_adopt(struct log *log, const struct log_shape *shape, int fd)
{
	log_sink_go_on(&log->sink, &(const struct log_sink){ .kind = (enum log_sink_kind)shape->kind,
							     .mode = (enum log_sink_mode)shape->mode,
							     .fd = fd,
							     .is_regular = shape->is_regular,
							     .facility = shape->facility });
	log_set_form(log, shape->json, shape->level);
	log_set_name(log, shape->name, shape->like_xinetd);
	log->sink.pid = shape->pid;
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

struct log_sink *log_sink(struct log *log)
{
	return log ? &log->sink : NULL;
}

unsigned long *log_losses(struct log *log)
{
	return log ? &log->losses : NULL;
}

int64_t log_deadline(struct log *log)
{
	int64_t milliseconds = clock_ms();

	if (!log)
		return milliseconds;
	if (!log->deadline)
		log->deadline = milliseconds + END_WAIT;
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
	if (!text)
		return;
	json_field_name(out, name);
	json_quote_within(out, text, strlen(text), FACT_MOST);
}

void log_add_facts(struct buf *out, const struct log_message *message, size_t most)
{
	const struct event *event = message->event;
	char signal[32];

	add_fact(out, "level", levels[message->level].name);
	add_fact(out, "service", event->service);
	add_fact(out, "event", event->name);
	if (event->pid)
		json_whole_field(out, "pid", event->pid);
	add_fact(out, "peer", event->peer && *event->peer ? event->peer : NULL);
	if (event->has_status) {
		json_field_name(out, "status");
		buf_addf(out, "%d", event->status);
	}
	if (event->has_signal)
		add_fact(out, "signal", scan_signal_name(event->signal, signal));
	if (event->has_duration) {
		json_field_name(out, "duration");
		buf_addf(out, "%.3f", event->duration);
	}
	add_fact(out, "reason", event->reason);
	json_field_name(out, "message");
	json_quote_within(out, message->text, message->length, most - out->length - 1);
}

static void compose_json(struct log *log, const struct log_message *message)
{
	buf_text(&log->line, "{\"time\":\"");
	add_time(&log->line, false);
	buf_char(&log->line, '"');
	log_add_facts(&log->line, message, log_sink_most(&log->sink) - 1);
	buf_text(&log->line, "}\n");
}

/* Adds time, name and pid, which begin a line of a file. */
static void add_file_head(struct log *log, enum level level)
{
	struct buf *out = &log->line;
	time_t now = time(NULL);
	struct tm tm = { 0 };

	if (!log->like_xinetd) {
		add_time(out, true);
		buf_addf(out, " %s[%ld]: ", log->name, log->sink.pid ? log->sink.pid : (long)getpid());
		return;
	}
	localtime_r(&now, &tm);
	buf_addf(out, "%02d/%02d/%02d@%02d:%02d:%02d %s[%ld]: ", tm.tm_year % 100, tm.tm_mon + 1, tm.tm_mday,
		 tm.tm_hour, tm.tm_min, tm.tm_sec, log->name, log->sink.pid ? log->sink.pid : (long)getpid());
	for (const char *letter = levels[level].name; *letter; letter++)
		buf_char(out, (char)(*letter - 'a' + 'A'));
	buf_text(out, ": ");
}

static void compose_text(struct log *log, const struct log_message *message)
{
	const struct event *event = message->event;
	const char *name = event->is_alone ? NULL : event->service;
	struct buf *out = &log->line;

	if (log->sink.kind == LOG_SINK_FILE) {
		add_file_head(log, message->level);
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
		buf_text(out, levels[message->level].prefix);
	buf_visible(out, message->text, message->length);
	if (buf_cut(out, log_sink_most(&log->sink) - strlen("…\n")))
		buf_text(out, "…");
	buf_char(out, '\n');
}

/* false: memory ran out. */
static bool compose_line(struct log *log, const struct log_message *message)
{
	buf_clear(&log->line);
	if (log->json)
		compose_json(log, message);
	else
		compose_text(log, message);
	return !log->line.failed;
}

/* Logs the number of lines that were dropped. If that line is lost, too, a later call logs it. */
static void report_dropped(struct log_sink *sink)
{
	struct log *log = container_of(sink, struct log, sink);
	const unsigned long lost = sink->unreported, all = log->losses;
	const struct event event = { .name = "dropped" };
	char text[80];
	int length = snprintf(text, sizeof(text), "%lu line%s of the log %s dropped", lost, lost == 1 ? "" : "s",
			      lost == 1 ? "was" : "were");

	if (!compose_line(log, &(struct log_message){ LEVEL_WARNING, &event, text, (size_t)length }))
		return;
	sink->unreported = 0;
	log_sink_take(sink, levels[LEVEL_WARNING].severity, log->line.data, log->line.length);
	if (sink->unreported) {
		sink->unreported = lost;
		log->losses = all;
	}
}

struct log *log_open(const char *destination, int file, bool json, enum level level, const char **why)
{
	struct log *log = calloc(1, sizeof(*log));

	if (!log) {
		*why = "out of memory";
		return NULL;
	}
	log->json = json;
	log->level = level;
	log->name = "superd";
	*why = log_sink_open(&log->sink, destination, file);
	if (*why) {
		free(log);
		return NULL;
	}
	log->sink.lost = &log->losses;
	log->sink.report_dropped = report_dropped;
	return log;
}

static void call_tap(struct log *log, const struct log_message *message)
{
	struct tap tap = log->tap;

	if (!tap_wants(log, message->level))
		return;
	log->tap.heard = NULL;          /* its own messages don't call it again */
	tap.heard(tap.context, message->level, message->event, message->text, message->length);
	log->tap = tap;
}

static void echo_to_stderr(struct log *log, const struct log_message *message)
{
	const char *name = message->event->service ? message->event->service : log->name;
	struct pollfd reader = { .fd = STDERR_FILENO, .events = POLLOUT };
	struct buf *out = &log->line;

	buf_clear(out);
	buf_visible(out, name, strlen(name));
	buf_text(out, ": ");
	buf_visible(out, message->text, message->length);
	buf_char(out, '\n');
	if (!out->failed && poll(&reader, 1, 0) > 0 && write(STDERR_FILENO, out->data, out->length) < 0)
		return;                 /* the log has the line */
}

static void log_write(struct log *log, const struct log_message *message)
{
	const struct event *event = message->event;
	int saved = errno;

	/* Without an event loop nobody else writes the queue. */
	if (log->sink.queue.length ? !log->sink.wait : log->sink.unreported)
		log_sink_flush(&log->sink);
	if (!compose_line(log, message))
		log_sink_count_lost(&log->sink);
	else
		log_sink_take(&log->sink, levels[message->level].severity, log->line.data, log->line.length);
	if (log->echoes && message->level == LEVEL_ERROR && log->sink.kind != LOG_SINK_STDERR && !event->is_output)
		echo_to_stderr(log, message);
	call_tap(log, message);
	errno = saved;
}

static void log_format(struct log *log, enum level level, const struct event *event, const char *format,
		       va_list arguments) __attribute__((format(printf, 4, 0)));

static void log_format(struct log *log, enum level level, const struct event *event, const char *format,
		       va_list arguments)
{
	struct log_message message = { .level = level, .event = event };

	if (!log_wants(log, level))
		return;
	buf_clear(&log->message);
	buf_vaddf(&log->message, format, arguments);
	if (log->message.failed) {
		log_sink_count_lost(&log->sink);
		return;
	}
	message.text = buf_string(&log->message);
	message.length = log->message.length;
	if (level <= log->level)
		log_write(log, &message);
	else
		call_tap(log, &message);
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

void log_output(struct log *log, enum level level, const struct event *event, const char *line, size_t length)
{
	struct event output = *event;

	output.name = "output";
	output.is_output = true;
	if (log)
		log_write(log, &(struct log_message){ level, &output, line, length });
}

void log_record(struct log *log, enum level level, const struct event *event, const char *line, size_t length)
{
	struct event alone = *event;

	alone.is_alone = true;
	if (log)
		log_write(log, &(struct log_message){ level, &alone, line, length });
}
