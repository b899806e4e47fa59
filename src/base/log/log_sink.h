/* Where the log goes: stderr, a file or syslog, given whole lines, each of which is written at once or queued.
 *
 * * A sink never waits. stderr is shared with others, so it is not set non-blocking: a pipe or terminal is
 * opened a second time by way of /proc where that may be, and else asked by poll(2) before each line.
 *
 * What can't be written now waits in the sink's queue (base/log/log_queue). Whoever has a loop sets `wait`, and calls
 * log_sink_flush when the sink may take lines again; without it, each line tries those before it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/log/log_queue.h"
#include "base/log/log_syslog.h"

#define LOG_SINK_MODE 0640              /* of a file that is made */
#define LOG_SINK_QUEUE (256 << 10)      /* bytes that wait at most: some two thousand lines */

enum log_sink_kind { LOG_SINK_STDERR, LOG_SINK_FILE, LOG_SINK_SYSLOG };

enum log_sink_mode {
	LOG_SINK_WRITE,                 /* a regular file, or a description of our own that is non-blocking */
	LOG_SINK_ASK,                   /* shared: poll(2) says whether there is room for PIPE_BUF bytes */
	LOG_SINK_SEND                   /* a socket: MSG_DONTWAIT */
};

enum log_sink_state {
	LOG_SINK_READY,                 /* nothing waits */
	LOG_SINK_FULL,                  /* lines wait until log_sink_fd is writable */
	LOG_SINK_AWAY                   /* lines wait, and only trying again tells: no daemon, a full disk */
};

struct log_sink {
	enum log_sink_kind kind;
	enum log_sink_mode way;
	int fd;                         /* owned unless it is 2; -1: syslog */
	char *path;                     /* owned; of the file, or, of a LOG_SINK_STDERR, of the one in whose place it is */
	bool is_regular;
	int facility;
	const char *ident;              /* the program's name in syslog's lines; "superd" unless set */
	struct syslog syslog;
	struct buf text;                /* kept, so that a line of syslog needs no memory once it has grown */
	struct log_queue queue;
	enum log_sink_state state;
	int error;                      /* errno of why it is LOG_SINK_AWAY; 0: there is no daemon */
	struct log_losses unsaid;       /* lines dropped; the owner sets it to zero when it has reported them */
	struct log_losses *lost;        /* counts them too, for all sinks together; NULL: nobody does */
	/* state, or what log_sink_fd gives, has changed, or is about to: called before a descriptor is closed as well,
	 * with LOG_SINK_READY. NULL: there is no loop. */
	void (*wait)(struct log_sink *sink);
	void *waiter;                   /* wait's */
	/* Reports the lines that were dropped before those that wait, by log_sink_put_first. NULL: the owner does it
	 * elsewhere. */
	void (*say_dropped)(struct log_sink *sink);
};

const char *log_sink_refusal(const char *destination);  /* why it is no destination (static text); NULL: it is one */

/* Why there can be no log at this destination, as far as is seen without making or opening anything: static text or
 * strerror. NULL: there may be. */
const char *log_sink_wrong(const char *destination);

/* destination as in log_open. NULL when it succeeded, else why not (static text or strerror). */
const char *log_sink_open(struct log_sink *sink, const char *destination);

/* Gives the line, which ends in a newline, with a severity of <syslog.h>; of_client: it outlives those that are not,
 * where there is no room. false: it was dropped. */
bool log_sink_take(struct log_sink *sink, int severity, const char *line, size_t length, bool of_client);

/* The same for syslog under another name. */
bool log_sink_take_as(struct log_sink *sink, const struct syslog_message *message, bool of_client);

/* Before all that waits, or not at all. false: it can't be written now. */
bool log_sink_put_first(struct log_sink *sink, int severity, const char *line, size_t length);

/* Writes what waits, a bounded number of lines of it. */
void log_sink_flush(struct log_sink *sink);

/* Writes what waits, and waits itself for that until so many milliseconds of the monotonic clock. */
void log_sink_finish(struct log_sink *sink, int64_t until);

/* What is to be polled for writing where its state is LOG_SINK_FULL. */
int log_sink_fd(const struct log_sink *sink);

/* Takes a line over that waited in another sink, as it is written, and counts a line that the owner has lost. */
void log_sink_take_queued(struct log_sink *sink, const char *text, size_t length, size_t done, bool of_client);
void log_sink_count_lost(struct log_sink *sink, bool of_client);

/* The longest line, newline included, that goes out whole. */
size_t log_sink_most(const struct log_sink *sink);

/* Whether a file's path still leads to the file that is open (not after a rotation), and how long it is. What is no
 * regular file always is current, and 0 long. */
bool log_sink_is_current(const struct log_sink *sink, int64_t *size);

/* Opens it again; false and errno: it could not be, and goes on as it was. */
bool log_sink_reopen(struct log_sink *sink);

void log_sink_close(struct log_sink *sink); /* what waits is dropped */
