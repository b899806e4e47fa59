/* superd's log: one line for each event, to stderr, to a file or to syslog, as text or JSON.
 *
 * Logging never blocks: lines that the destination does not take now are queued (lib/log/log_queue.h). If the queue is
 * full, lines are dropped, those about clients last, and their number is logged before the next line. superd writes to
 * /dev/log itself, because syslog(3) blocks. The caller ignores SIGPIPE. The JSON field names are stable: time level
 * service event pid peer status signal duration reason message. */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/buf.h"
#include "lib/log/log_queue.h"

enum level { LEVEL_ERROR, LEVEL_WARNING, LEVEL_NOTICE, LEVEL_INFO, LEVEL_DEBUG };

struct log;
struct log_sink;

/* Opens a log, which the caller closes. destination: "stderr", "syslog", "syslog:FACILITY" or "file:PATH"; level: the
 * least severe level that is logged. NULL: *why is the reason (static text or strerror(3)'s). */
struct log *log_open(const char *destination, bool json, enum level level, const char **why);
void log_close(struct log *log);                /* accepts NULL; calls log_finish */
void log_finish(struct log *log);               /* waits until log_deadline for the queue to be written */

/* Sets superd's name in the text form and for syslog, as "inetd"; "superd" otherwise. The caller keeps the text. With
 * like_xinetd, a line of a file begins as xinetd's -filelog writes it: "26/01/31@23:59:59 NAME[PID]: NOTICE: ". */
void log_set_name(struct log *log, const char *name, bool like_xinetd);
const char *log_name(const struct log *log);    /* accepts NULL */

/* Notes the path of a file that cannot be opened yet; the log goes to stderr until log_reopen succeeds in opening it.
 * false: out of memory. */
bool log_stand_in(struct log *log, const char *path);

/* Opens the file or /dev/log again, for log rotation, or looks again at the type of stderr. false and errno: the file
 * cannot be opened; the log keeps its destination, and has a line about the failure. */
bool log_reopen(struct log *log);       /* accepts NULL */
void log_report_kept(struct log *log, const char *why); /* that line, for a file that superd may not open */
const char *log_file_path(const struct log *log);       /* the file that log_reopen opens; NULL: none */

/* Moves the log to another destination, with the lines that wait in the queue. Returns NULL, or why it cannot: the log
 * is as before then. log_set_form changes what log_open has set. */
const char *log_move(struct log *log, const char *destination);
void log_set_form(struct log *log, bool json, enum level level);

/* What another process needs to write lines of the same form to the same place, as superd-output does: where each line
 * is appended whole, they need not agree on more. */
struct log_shape {
	bool json, like_xinetd, is_regular;
	enum level level;
	int kind, mode, facility;       /* of struct log_sink */
	long pid;                       /* in the head of the lines */
	char name[64];
};

int log_shape(const struct log *log, struct log_shape *out); /* returns its descriptor, borrowed; -1: syslog */
void log_adopt(struct log *log, const struct log_shape *shape, int fd); /* shape: kept by the caller, as is its name */

/* While on, errors also go to stderr, in the text form, for the user or script that starts superd. A line that stderr
 * does not take at once is not echoed. */
void log_echo(struct log *log, bool on);        /* accepts NULL */

/* The facts of an event. A fact that is 0 or NULL is unknown, except status, signal and duration, which have flags. */
struct event {
	const char *name;               /* started, exited, refused, listening, … */
	const char *service;
	pid_t pid;
	const char *peer;               /* the client's address as text; "": it has none (unix socket) */
	bool has_status, has_signal, has_duration;
	int status, signal;             /* exit status; number of the signal */
	double duration;                /* seconds */
	const char *reason;
	bool is_output;                 /* printed by a backend; the text form is "SERVICE[PID]: LINE" */
	bool is_alone;                  /* the text form is the message alone: other programs parse it */
};

/* Logs one line: in the text form "SERVICE: MESSAGE", or "superd: MESSAGE" without a service; in JSON all facts and the
 * message. log NULL: does nothing. */
void log_event(struct log *log, enum level level, const struct event *event, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* Logs one line that is no event of a service; its event in JSON is "message". */
void log_say(struct log *log, enum level level, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Logs a line that a backend printed, without its newline, as "SERVICE[PID]: LINE", which superd's own lines never look
 * like. Uses the event's service and pid; pid 0: unknown, written "-" as in RFC 5424. Ignores the log's level: the
 * service's option `output` selects the lines. */
void log_output(struct log *log, enum level level, const struct event *event, const char *line, size_t length);

/* Logs a line with event->is_alone set. Ignores the log's level, too: an option of the service asks for the line. */
void log_record(struct log *log, enum level level, const struct event *event, const char *line, size_t length);

/* Calls heard for every event up to this level, even if the log leaves it out, but not for lines that heard itself
 * logs. heard NULL: ends that. The message may have control characters, which the text form escapes. */
void log_tap(struct log *log, enum level level,
	     void (*heard)(void *context, enum level level, const struct event *event, const char *message,
			   size_t length),
	     void *context);

/* An event with its message. */
struct log_message {
	enum level level;
	const struct event *event;
	const char *text;
	size_t length;
};

/* Adds the end of a JSON object: every fact, the message and the closing brace. Cuts the message so that `out` gets at
 * most `most` bytes. */
void log_add_facts(struct buf *out, const struct log_message *message, size_t most);

const char *log_level_name(enum level level);   /* "notice" */
bool log_wants(const struct log *log, enum level level);        /* the log or its tap uses this level */
unsigned long log_dropped(const struct log *log);               /* lines dropped since the start */

/* The sink, for the loop, which writes the queue, and for an upgrade, which passes it on. Borrowed. log NULL: NULL. */
struct log_sink *log_sink(struct log *log);

/* The lines dropped since the start, by all of superd's sinks. log NULL: NULL. */
struct log_losses *log_losses(struct log *log);

/* Until when superd waits at its end for the readers of all sinks, in milliseconds of clock_ms: a second after the
 * first call. */
int64_t log_deadline(struct log *log);

const char *log_parse_level(const char *text, enum level *out); /* returns NULL, or what would be right */

#define log_error(log, ...) log_say(log, LEVEL_ERROR, __VA_ARGS__)
#define log_warn(log, ...) log_say(log, LEVEL_WARNING, __VA_ARGS__)
#define log_notice(log, ...) log_say(log, LEVEL_NOTICE, __VA_ARGS__)
#define log_info(log, ...) log_say(log, LEVEL_INFO, __VA_ARGS__)
#define log_debug(log, ...) log_say(log, LEVEL_DEBUG, __VA_ARGS__)
