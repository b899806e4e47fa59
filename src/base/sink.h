/* Where the log goes: stderr, a file or syslog, given whole lines, each of which is written at once or queued.
 *
 * * A sink never waits. stderr is shared with others, so it is not set non-blocking: a pipe or terminal is
 * opened a second time by way of /proc where that may be, and else asked by poll(2) before each line.
 *
 * What can't be written now waits in the sink's queue (base/log_queue). Whoever has a loop sets `wait`, and calls
 * sink_flush when the sink may take lines again; without it, each line tries those before it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/log_queue.h"
#include "base/syslog.h"

#define SINK_MODE 0640                  /* of a file that is made */
#define SINK_QUEUE (256 << 10)          /* bytes that wait at most: some two thousand lines */

enum sink_kind { SINK_STDERR, SINK_FILE, SINK_SYSLOG };

enum sink_way {
	SINK_WRITE,                     /* a regular file, or a description of our own that is non-blocking */
	SINK_ASK,                       /* shared: poll(2) says whether there is room for PIPE_BUF bytes */
	SINK_SEND                       /* a socket: MSG_DONTWAIT */
};

enum sink_state {
	SINK_READY,                     /* nothing waits */
	SINK_FULL,                      /* lines wait until sink_fd is writable */
	SINK_AWAY                       /* lines wait, and only trying again tells: no daemon, a full disk */
};

struct sink {
	enum sink_kind kind;
	enum sink_way way;
	int fd;                         /* owned unless it is 2; -1: syslog */
	char *path;                     /* owned; of the file, or, of a SINK_STDERR, of the one in whose place it is */
	bool is_regular;
	int facility;
	const char *ident;              /* the program's name in syslog's lines; "superd" unless set */
	struct syslog syslog;
	struct buf text;                /* kept, so that a line of syslog needs no memory once it has grown */
	struct log_queue queue;
	enum sink_state state;
	int error;                      /* errno of why it is SINK_AWAY; 0: there is no daemon */
	struct log_losses unsaid;       /* lines dropped; the owner sets it to zero when it has reported them */
	struct log_losses *lost;        /* counts them too, for all sinks together; NULL: nobody does */
	/* state, or what sink_fd gives, has changed, or is about to: called before a descriptor is closed as well, with
	 * SINK_READY. NULL: there is no loop. */
	void (*wait)(struct sink *sink);
	void *waiter;                   /* wait's */
	/* Reports the lines that were dropped before those that wait, by sink_put_first. NULL: the owner does it elsewhere. */
	void (*say_dropped)(struct sink *sink);
};

const char *sink_refusal(const char *destination);      /* why it is no destination (static text); NULL: it is one */

/* Why there can be no log at this destination, as far as is seen without making or opening anything: static text or
 * strerror. NULL: there may be. */
const char *sink_wrong(const char *destination);

/* destination as in log_open. NULL when it succeeded, else why not (static text or strerror). */
const char *sink_open(struct sink *sink, const char *destination);

/* Gives the line, which ends in a newline, with a severity of <syslog.h>; of_client: it outlives those that are not,
 * where there is no room. false: it was dropped. */
bool sink_take(struct sink *sink, int severity, const char *line, size_t length, bool of_client);

/* The same without a newline, for syslog under another name: base/syslog's syslog_compose. */
bool sink_take_as(struct sink *sink, int priority, const char *ident, long pid, const char *line, size_t length,
		  bool of_client);

/* Before all that waits, or not at all. false: it can't be written now. */
bool sink_put_first(struct sink *sink, int severity, const char *line, size_t length);

/* Writes what waits, a bounded number of lines of it. */
void sink_flush(struct sink *sink);

/* Writes what waits, and waits itself for that until so many milliseconds of the monotonic clock. */
void sink_finish(struct sink *sink, int64_t until);

/* What is to be polled for writing where its state is SINK_FULL. */
int sink_fd(const struct sink *sink);

/* Takes a line over that waited in another sink, as it is written, and counts a line that the owner has lost. */
void sink_take_queued(struct sink *sink, const char *text, size_t length, size_t done, bool of_client);
void sink_count_lost(struct sink *sink, bool of_client);

/* The longest line, newline included, that goes out whole. */
size_t sink_most(const struct sink *sink);

/* Whether a file's path still leads to the file that is open (not after a rotation), and how long it is. What is no
 * regular file always is current, and 0 long. */
bool sink_is_current(const struct sink *sink, int64_t *size);

/* Opens it again; false and errno: it could not be, and goes on as it was. */
bool sink_reopen(struct sink *sink);

void sink_close(struct sink *sink);     /* what waits is dropped */
