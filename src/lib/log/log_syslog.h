/* A non-blocking client of /dev/log in the form of RFC 3164, for superd's own lines and for `output = "syslog"`. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "lib/buf.h"
#include "lib/log/log_queue.h"

struct syslog {
	int fd;                         /* owned; -1: not connected */
	double retry_at;                /* time of the next attempt to connect, seconds of clock_now; 0: at once */
	bool is_stream;                 /* the daemon listens on a stream socket: each line ends in NUL */
	const char *path;               /* NULL: /dev/log; tests set another */
};

#define SYSLOG_LINE 4000                /* most bytes of a line */
#define SYSLOG_INIT { .fd = -1 }

/* The start of each line. */
struct syslog_head {
	int priority;                   /* facility | severity, as in syslog(3) */
	const char *ident;              /* the program's name */
	long pid;                       /* 0: none */
};

/* Adds one line as the daemon gets it: control characters escaped, and cut at SYSLOG_LINE bytes. */
void syslog_compose(struct buf *out, const struct syslog_head *head, const char *line, size_t length);

/* Sends such a line, NUL-terminated, from *done on, and advances *done if a stream takes only a part. Keeps errno. */
enum write_outcome syslog_put(struct syslog *syslog, const char *text, size_t length, size_t *done);
void syslog_close(struct syslog *syslog);

int syslog_facility(const char *name);  /* LOG_DAEMON …; -1: unknown */
