/* Where the log goes: stderr, a file or syslog, given whole lines that it takes at once or not at all.
 *
 * * A sink never waits. stderr is shared with others, so it is not set non-blocking: a pipe or terminal is
 * opened a second time by way of /proc where that may be, and else asked by poll(2) before each line. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/syslog.h"

#define SINK_MODE 0640                  /* of a file that is made */

enum sink_kind { SINK_STDERR, SINK_FILE, SINK_SYSLOG };

enum sink_way {
	SINK_WRITE,                     /* a regular file, or a description of our own that is non-blocking */
	SINK_ASK,                       /* shared: poll(2) says whether there is room for PIPE_BUF bytes */
	SINK_SEND                       /* a socket: MSG_DONTWAIT */
};

struct sink {
	enum sink_kind kind;
	enum sink_way way;
	int fd;                         /* owned unless it is 2; -1: syslog */
	char *path;                     /* of a file, owned */
	bool is_regular;
	bool is_torn;                   /* the last line went out in part: the next begins on a line of its own */
	int facility;
	const char *ident;              /* the program's name in syslog's lines; "superd" unless set */
	struct syslog syslog;
};

/* destination as in log_open. NULL when it succeeded, else why not (static text or strerror). */
const char *sink_open(struct sink *sink, const char *destination);

/* Gives the line, which ends in a newline, with a severity of <syslog.h>. false: it was not taken. */
bool sink_take(struct sink *sink, int severity, const char *line, size_t length);

/* The longest line, newline included, that goes out whole. */
size_t sink_most(const struct sink *sink);

/* Whether a file's path still leads to the file that is open (not after a rotation), and how long it is. What is no
 * regular file always is current, and 0 long. */
bool sink_is_current(const struct sink *sink, int64_t *size);

/* Opens it again; false and errno: it could not be, and goes on as it was. */
bool sink_reopen(struct sink *sink);

void sink_close(struct sink *sink);
