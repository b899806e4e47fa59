/* superd's log and its destinations. */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/backoff.h"
#include "lib/buf.h"

/* A destination of log lines: stderr, a file or syslog. It writes each line at once or queues it, and never waits. The
 * queue is bounded: a line that finds no room is dropped, and counted. The owner calls log_sink_flush when the sink can
 * be written again. */

#define SYSLOG_LINE 4000                /* most bytes of a line */
#define LOG_SINK_MODE 0640              /* permissions of a file that superd creates */
#define LOG_SINK_QUEUE (256 << 10)      /* most bytes of the queue: some two thousand lines */

/* The start of a line for syslog. */
struct syslog_head {
	int priority;                   /* facility | severity, as in syslog(3) */
	const char *ident;              /* the program's name */
	long pid;                       /* 0: none */
};

extern const char *const syslog_facilities[]; /* by LOG_FAC(LOG_DAEMON) …; 12 to 15 are reserved for the system */

enum log_sink_kind { LOG_SINK_STDERR, LOG_SINK_FILE, LOG_SINK_SYSLOG };

enum log_sink_mode {
	LOG_SINK_WRITE,                 /* write(2): a regular file, or a non-blocking description of superd's own */
	LOG_SINK_ASK,                   /* poll(2) first, for room of PIPE_BUF bytes: a shared description */
	LOG_SINK_SEND                   /* send(2) with MSG_DONTWAIT: a socket */
};

enum log_sink_state {
	LOG_SINK_READY,                 /* the queue is empty */
	LOG_SINK_FULL,                  /* lines wait until fd is writable */
	LOG_SINK_AWAY,                  /* lines wait, with nothing to poll: no syslog daemon, or a full disk */
	LOG_SINK_LOST                   /* of one line only: it can never be written */
};

struct log_sink {
	enum log_sink_kind kind;
	enum log_sink_mode mode;
	int fd;                         /* owned unless it is 2; -1: not connected to syslog */
	bool is_regular;                /* fd is a regular file */
	int facility;                   /* of syslog(3), LOG_DAEMON unless set */
	const char *ident;              /* the program's name in syslog lines, borrowed; "superd" unless set */
	long pid;                       /* in the head of its lines; 0: this process's */
	const char *daemon;             /* the socket of syslog; NULL: /dev/log; tests set another */
	bool is_stream;                 /* syslog's daemon listens on a stream socket: each line ends in NUL */
	double retry_at;                /* when syslog is next connected to, seconds of clock_now; 0: at once */
	struct buf text;                /* the syslog line; kept, so that logging allocates nothing once it has grown */
	struct buf queue;               /* lines that wait, in their order, each with a NUL behind it */
	size_t done;                    /* bytes of the first one that are written */
	enum log_sink_state state;
	struct backoff tries;           /* since the last one of which something was taken */
	double away_since;              /* wall clock; 0: it is not LOG_SINK_AWAY */
	int error;                      /* errno of the last failed write; 0: there is no syslog daemon */
	unsigned long unreported;       /* lines dropped that no line of the log reports yet; the owner subtracts */
	unsigned long *lost;            /* the sum of several sinks, borrowed; NULL: none */
	/* Called when state or fd has changed, and, with LOG_SINK_READY, before a descriptor is closed. NULL: there is no
	 * event loop. */
	void (*wait)(struct log_sink *sink);
	void *waiter;                   /* context of wait, set by the owner */
	/* Reports the dropped lines when the queue is written. NULL: the owner reports them elsewhere. */
	void (*report_dropped)(struct log_sink *sink);
};

const char *log_sink_refusal(const char *destination);  /* why it is no valid destination (static); NULL: it is valid */

/* Returns why superd cannot log to this destination, as far as it sees without creating or opening a file: static text
 * or strerror(3)'s. NULL: no reason. */
const char *log_sink_check(const char *destination);

/* Opens a sink; destination as in log_open. Returns NULL, or why not (static text or strerror(3)'s). The owner calls
 * log_sink_close. */
const char *log_sink_open(struct log_sink *sink, const char *destination);

/* Writes or queues a line, which ends in a newline and a NUL. severity: of syslog(3). */
void log_sink_take(struct log_sink *sink, int severity, const char *line, size_t length);

/* As log_sink_take, for syslog under another name, and without the newline: control characters are escaped, and the
 * line is cut at SYSLOG_LINE bytes. */
void log_sink_take_as(struct log_sink *sink, const struct syslog_head *head, const char *line, size_t length);

/* Writes the queue, a bounded number of lines at a time, and reports what was dropped. */
void log_sink_flush(struct log_sink *sink);

/* The seconds until a sink is to be tried again for which no event comes. They double up to a minute while nothing is
 * taken, so that an idle superd whose log nobody reads hardly wakes. */
double log_sink_pause(struct log_sink *sink);

/* Why it is LOG_SINK_AWAY: an errno, ENOENT if there is no syslog daemon; 0: it is not. */
int log_sink_error(const struct log_sink *sink);

/* Writes the queue, and waits for its reader until this time in milliseconds of clock_ms. */
void log_sink_finish(struct log_sink *sink, int64_t until);

/* Counts a line that is lost. */
void log_sink_count_lost(struct log_sink *sink);

/* The most bytes of a line, newline included, that are written as a whole. */
size_t log_sink_most(const struct log_sink *sink);

/* Goes on with another destination, kind, mode, fd, is_regular and facility of `next`; fd is this sink's now. Lines that
 * the old one does not take at once are lost, unless both are files or both are syslog. */
void log_sink_go_on(struct log_sink *sink, const struct log_sink *next);

void log_sink_close(struct log_sink *sink);     /* drops the queue */

/* superd's log: one line for each event, to stderr, to a file or to syslog, as text or JSON.
 *
 * Logging never blocks: lines that the destination does not take now are queued. Those that find no room are dropped,
 * and their number is logged once the queue is written. The caller ignores SIGPIPE. The JSON field names are stable: time
 * level service event pid peer status signal duration reason message. */

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

/* Moves the log to another destination, as log_sink_go_on, or opens the same one again, for log rotation. Returns NULL,
 * or why it cannot: the log is as before then. log_set_form changes what log_open has set. */
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

/* Adds the last members of a JSON object: every fact and the message, which it cuts so that `out` gets at most `most`
 * bytes with the closing brace. */
void log_add_facts(struct buf *out, const struct log_message *message, size_t most);

const char *log_level_name(enum level level);   /* "notice" */
bool log_wants(const struct log *log, enum level level);        /* the log or its tap uses this level */

/* The sink, for the loop, which writes the queue, and for an upgrade, which passes it on. Borrowed. log NULL: NULL. */
struct log_sink *log_sink(struct log *log);

/* The number of lines dropped since the start, by all of superd's sinks. log NULL: NULL. */
unsigned long *log_losses(struct log *log);

/* Until when superd waits at its end for the readers of all sinks, in milliseconds of clock_ms: a second after the
 * first call. */
int64_t log_deadline(struct log *log);


#define log_error(log, ...) log_say(log, LEVEL_ERROR, __VA_ARGS__)
#define log_warn(log, ...) log_say(log, LEVEL_WARNING, __VA_ARGS__)
#define log_notice(log, ...) log_say(log, LEVEL_NOTICE, __VA_ARGS__)
#define log_info(log, ...) log_say(log, LEVEL_INFO, __VA_ARGS__)
#define log_debug(log, ...) log_say(log, LEVEL_DEBUG, __VA_ARGS__)
