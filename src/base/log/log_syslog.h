/* A non-blocking speaker to /dev/log in RFC 3164's form, used for superd's own lines and for `output = "syslog"`. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/log/log_queue.h"

struct syslog {
	int fd;                         /* -1: not connected; tried again at the next line, at most once a second */
	double retry_at;                /* monotonic seconds */
	bool is_stream;                 /* the daemon listens on a stream: each line ends in NUL */
	const char *path;               /* NULL: /dev/log; tests set their own */
};

#define SYSLOG_LINE 4000
#define SYSLOG_INIT { .fd = -1 }

struct syslog_message {
	int priority;                   /* facility | severity, as in <syslog.h> */
	const char *ident;
	long pid;                       /* 0: left out */
	const char *line;               /* without a newline */
	size_t length;
};

/* Adds one line as it is sent, control characters made visible and cut at SYSLOG_LINE bytes. */
void syslog_compose(struct buf *out, const struct syslog_message *message);

/* Sends one such line, NUL-terminated, from *done on, which is where to go on after a stream took a part. errno is kept. */
enum write_outcome syslog_put(struct syslog *syslog, const char *text, size_t length, size_t *done);
void syslog_close(struct syslog *syslog);

int syslog_facility(const char *name);  /* LOG_DAEMON …; -1 unknown */
