/* A destination of log lines: stderr, a file or syslog. It writes each line at once or queues it, and never waits.
 *
 * With an event loop, the owner sets `wait` and calls log_sink_flush when the sink can be written again. Without one,
 * each new line first tries to write the queue. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/log/log_queue.h"
#include "lib/log/log_syslog.h"

#define LOG_SINK_MODE 0640              /* permissions of a file that superd creates */
#define LOG_SINK_QUEUE (256 << 10)      /* most bytes of the queue: some two thousand lines */

enum log_sink_kind { LOG_SINK_STDERR, LOG_SINK_FILE, LOG_SINK_SYSLOG };

enum log_sink_mode {
	LOG_SINK_WRITE,                 /* write(2): a regular file, or a non-blocking description of superd's own */
	LOG_SINK_ASK,                   /* poll(2) first, for room of PIPE_BUF bytes: a shared description */
	LOG_SINK_SEND                   /* send(2) with MSG_DONTWAIT: a socket */
};

enum log_sink_state {
	LOG_SINK_READY,                 /* the queue is empty */
	LOG_SINK_FULL,                  /* lines wait until log_sink_fd is writable */
	LOG_SINK_AWAY                   /* lines wait, with nothing to poll: no syslog daemon, or a full disk */
};

struct log_sink {
	enum log_sink_kind kind;
	enum log_sink_mode mode;        /* of stderr or a file */
	int fd;                         /* of stderr or a file; owned unless it is 2; -1: syslog */
	char *path;                     /* owned; the file, also while stderr replaces it; NULL: none */
	bool is_regular;                /* fd is a regular file */
	int facility;                   /* of syslog(3), LOG_DAEMON unless set */
	const char *ident;              /* the program's name in syslog lines, borrowed; "superd" unless set */
	long pid;                       /* in the head of its lines; 0: this process's */
	struct syslog syslog;
	struct buf text;                /* the syslog line; kept, so that logging allocates nothing once it has grown */
	struct log_queue queue;
	enum log_sink_state state;
	int error;                      /* errno of the last failed write; 0: there is no syslog daemon */
	struct log_losses unreported;   /* lines dropped that no line of the log reports yet; the owner subtracts */
	struct log_losses *lost;        /* the sum of several sinks, borrowed; NULL: none */
	/* Called when state or log_sink_fd has changed, and, with LOG_SINK_READY, before a descriptor is closed. NULL:
	 * there is no event loop. */
	void (*wait)(struct log_sink *sink);
	void *waiter;                   /* context of wait, set by the owner */
	/* Reports the dropped lines by log_sink_put_first, before the queue is written. NULL: the owner reports them
	 * elsewhere. */
	void (*report_dropped)(struct log_sink *sink);
};

const char *log_sink_refusal(const char *destination);  /* why it is no valid destination (static); NULL: it is valid */

/* Returns why superd cannot log to this destination, as far as it sees without creating or opening a file: static text
 * or strerror(3)'s. NULL: no reason. */
const char *log_sink_check(const char *destination);

/* Opens a sink; destination as in log_open. Returns NULL, or why not (static text or strerror(3)'s). The owner calls
 * log_sink_close. */
const char *log_sink_open(struct log_sink *sink, const char *destination);

/* Writes or queues a line, which ends in a newline. severity: of syslog(3). of_client: the line is about a client, and
 * is dropped last. false: it was dropped. */
bool log_sink_take(struct log_sink *sink, int severity, const char *line, size_t length, bool of_client);

/* As log_sink_take, for syslog under another name, and without the newline. */
bool log_sink_take_as(struct log_sink *sink, const struct syslog_head *head, const char *line, size_t length,
		      bool of_client);

/* Writes a line before the queue, or not at all. false: it can't be written now. */
bool log_sink_put_first(struct log_sink *sink, int severity, const char *line, size_t length);

/* Writes the queue, a bounded number of lines at a time. */
void log_sink_flush(struct log_sink *sink);

/* Writes the queue, and waits for its reader until this time in milliseconds of clock_ms. */
void log_sink_finish(struct log_sink *sink, int64_t until);

/* The descriptor to poll for writing in the state LOG_SINK_FULL. */
int log_sink_fd(const struct log_sink *sink);

/* Counts a line that the owner has lost. */
void log_sink_count_lost(struct log_sink *sink, bool of_client);

/* The most bytes of a line, newline included, that are written as a whole. */
size_t log_sink_most(const struct log_sink *sink);

/* Whether the path still leads to the open file, which ends with a rotation, and its size in bytes. Anything but a
 * regular file is always current and has size 0. */
bool log_sink_is_current(const struct log_sink *sink, int64_t *size);

/* Opens the destination again. false and errno: it cannot be opened, and the sink is unchanged. */
bool log_sink_reopen(struct log_sink *sink);

/* Goes on with another destination, which gets the lines of the queue. Returns NULL, or why it cannot be opened: the
 * sink is unchanged then. */
const char *log_sink_move(struct log_sink *sink, const char *destination);

/* Goes on as another process's sink, whose kind, mode, is_regular and facility these are; fd is this sink's now. */
void log_sink_adopt(struct log_sink *sink, const struct log_sink *other, int fd);

void log_sink_close(struct log_sink *sink);     /* drops the queue */
