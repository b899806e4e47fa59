/* The last lines logged about each service, for the verbs log and status. Number and size of the lines are limited, for
 * each service and in total; beyond the total the oldest lines of the service that has been silent longest are dropped.
 * A service without lines costs no memory. */
#pragma once

#include <stddef.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/buf.h"
#include "lib/list.h"
#include "lib/log/log.h"

#define RECENT_LOG_LINES 100            /* lines of a service */
#define RECENT_LOG_TEXT 300             /* bytes of a line, without the mark of one that was cut */
#define RECENT_LOG_MOST (128 << 10)     /* bytes of the heap in total */
#define RECENT_LOG_BUCKETS 256

struct recent_line {
	struct list link;               /* among the lines of the service */
	uint64_t serial;                /* later lines have greater ones */
	double at;                      /* Unix seconds */
	enum level level;
	bool is_output;                 /* a program of the service has printed it */
	pid_t pid;                      /* of that program; 0: unknown */
	char text[];                    /* with "…" at its end if it was cut */
};

/* A line to add. */
struct logged_line {
	double at;                      /* Unix seconds */
	enum level level;
	bool is_output;                 /* as in struct recent_line */
	pid_t pid;
	const char *text;               /* not NUL-terminated */
	size_t length;                  /* bytes of the text */
};

/* Begins zeroed. */
struct recent_log {
	struct list buckets[RECENT_LOG_BUCKETS]; /* hash table of the services with lines, by name */
	struct list owners;             /* the same services; the one silent longest is first */
	size_t used;                    /* bytes of the heap in total */
	uint64_t last_serial;           /* of the latest line; 0: there was none */
	bool initialized;               /* the lists are; set by the first line */
};

/* Adds to a JSON object who has printed the line, if a program of the service has. */
void recent_line_add_speaker(const struct recent_line *line, struct buf *out);

/* service: "" for superd itself. */
void recent_log_add(struct recent_log *recent_log, const char *service, const struct logged_line *logged);

/* The lines of a service, struct recent_line, the oldest first; NULL: none. */
struct list *recent_log_of(const struct recent_log *recent_log, const char *service);

/* Calls act for every line; the lines of the service that has been silent longest come first. */
void recent_log_for_each(struct recent_log *recent_log,
			 void (*act)(void *context, const char *service, const struct recent_line *line), void *context);

void recent_log_free(struct recent_log *recent_log);
