/* What superd says while it runs: one line an event, to stderr, to a file or to syslog, as text or JSON.
 *
 * Never blocks: lines that the destination can't take now are queued (base/log/log_queue). If the queue is full, lines are
 * dropped, those about clients last, and their number is logged before the next line that is written. syslog is
 * spoken straight to /dev/log, since syslog(3) blocks; it is opened again when the reader was restarted. The caller
 * ignores SIGPIPE. Stable field names: time level service event pid peer status signal duration reason message. */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/log/log_queue.h"

enum level { LEVEL_ERROR, LEVEL_WARNING, LEVEL_NOTICE, LEVEL_INFO, LEVEL_DEBUG };

struct log;
struct log_sink;

/* destination: "stderr", "syslog", "syslog:FACILITY" or "file:PATH"; json selects the format. NULL with a reason in
 * *why (static text or strerror). The log is the caller's. */
struct log *log_open(const char *destination, bool json, enum level level, const char **why);
void log_close(struct log *log);                /* accepts NULL; finishes */
void log_finish(struct log *log);               /* waits until log_deadline for what is queued to be written */

/* What superd calls itself in the text form, to syslog too: "inetd" (kept by the caller); "superd" otherwise. With
 * like_xinetd a line of a file begins as xinetd's -filelog has it, "26/01/31@23:59:59 NAME[PID]: NOTICE: ". */
void log_set_name(struct log *log, const char *name, bool like_xinetd);
const char *log_name(const struct log *log);    /* accepts NULL */

/* It goes to stderr as this file can't be opened: log_reopen tries that again. false: out of memory. */
bool log_stand_in(struct log *log, const char *path);

/* Opens the file or /dev/log again, for rotation, or looks again at what stderr is. false, with errno: the file can't
 * be opened, which is said in the log as it was; that goes on. */
bool log_reopen(struct log *log);       /* accepts NULL */
void log_say_kept(struct log *log, const char *why);    /* the same, of a file that may not be opened */
const char *log_file_path(const struct log *log);     /* what log_reopen opens; NULL: the log is no file */

/* While on, errors go to stderr as well, in the text form, where the log is elsewhere: for the time in which whoever
 * started superd waits for it. An stderr that cannot take the line now goes without it. */
void log_echo(struct log *log, bool on);        /* accepts NULL */

/* The facts of an event; what is zero or NULL is left out. status and signal count when has_status/has_signal. */
struct event {
	const char *name;               /* started, exited, refused, listening, … */
	const char *service;
	pid_t pid;
	const char *peer;               /* as address text; "": it has none, as a client by a unix socket */
	bool has_status, has_signal, has_duration;
	int status, signal;
	double duration;                /* seconds */
	const char *reason;
	bool is_output;                 /* a backend printed it: the text form has its pid behind the service's name */
	bool is_alone;                  /* the text form is the message with nothing before it: a program knows it so */
};

/* One line: text form "SERVICE: MESSAGE", "superd: MESSAGE" without a service, JSON form with every fact and
 * the message. log may be NULL (dropped). */
void log_event(struct log *log, enum level level, const struct event *event, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* What belongs to no event of a service; in JSON its event is "message". */
void log_say(struct log *log, enum level level, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* A line that a backend printed, without its newline, as "SERVICE[PID]: LINE", so that it is never taken for superd's
 * own; pid 0 is unknown, and written "-", as in RFC 5424. Not filtered by level: `output` says whether it
 * is wanted. */
void log_output(struct log *log, enum level level, const char *service, pid_t pid, const char *line, size_t length);

/* A line that stands alone, as event->is_alone has it. Not filtered by level either: a service asks for it. */
void log_record(struct log *log, enum level level, const struct event *event, const char *line, size_t length);

/* Has every event up to this level heard as well, whatever the log itself is told to leave out; what heard logs in its
 * turn is not. heard NULL: no more. The message is not as harmless as in the text form. */
void log_tap(struct log *log, enum level level,
	     void (*heard)(void *context, enum level level, const struct event *event, const char *message,
			   size_t length),
	     void *context);

/* Ends an object of JSON as the JSON form has it behind the time: every fact, and of the message as much as has its
 * place where the whole has at most so many bytes. */
void log_add_facts(struct buf *out, enum level level, const struct event *event, const char *message, size_t length,
		   size_t most);

const char *log_level_name(enum level level);   /* "notice" */
bool log_wants(const struct log *log, enum level level);        /* or the tap */
unsigned long log_dropped(const struct log *log);

/* For the loop, which writes what waits, and for an upgrade, which hands it on. Borrowed; NULL of no log. */
struct log_sink *log_sink(struct log *log);

/* The lines that were dropped, ever; other sinks of superd's count here too. NULL of no log. */
struct log_losses *log_losses(struct log *log);

/* Until when, in milliseconds of the monotonic clock, the end of superd waits for readers of all sinks: a second from
 * the first call on. */
int64_t log_deadline(struct log *log);

const char *log_parse_level(const char *text, enum level *out); /* NULL, or what would be right */

#define log_error(log, ...) log_say(log, LEVEL_ERROR, __VA_ARGS__)
#define log_warn(log, ...) log_say(log, LEVEL_WARNING, __VA_ARGS__)
#define log_notice(log, ...) log_say(log, LEVEL_NOTICE, __VA_ARGS__)
#define log_info(log, ...) log_say(log, LEVEL_INFO, __VA_ARGS__)
#define log_debug(log, ...) log_say(log, LEVEL_DEBUG, __VA_ARGS__)
