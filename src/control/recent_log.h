/* What was last logged of each service, for its status: a few lines each, and so many bytes in all, beyond which the
 * oldest lines of whoever has been silent longest go. Only a service that has said anything costs something. */
#pragma once

#include <stddef.h>

#include "base/list.h"
#include "base/log/log.h"

#define RECENT_LOG_LINES 10
#define RECENT_LOG_TEXT 300             /* bytes of a line */
#define RECENT_LOG_MOST (96 << 10)      /* bytes of all of them, with what keeps them */
#define RECENT_LOG_BUCKETS 1024

struct recent_line {
	struct list link;
	double at;                      /* seconds of the wall clock */
	enum level level;
	char text[];
};

struct recent_log {
	struct list buckets[RECENT_LOG_BUCKETS]; /* by a hash of the name; the lists are made at the first line */
	struct list owners;             /* all of them; who spoke last is last */
	size_t used;
	bool ready;
};

void recent_log_add(struct recent_log *recent_log, const char *service, double at, enum level level, const char *text,
		    size_t length);

/* The lines of a service, struct recent_line, the oldest first; NULL: there are none. */
struct list *recent_log_of(const struct recent_log *recent_log, const char *service);
/* All lines, those of who has been silent longest first. */
void recent_log_each(struct recent_log *recent_log,
		     void (*act)(void *context, const char *service, const struct recent_line *line), void *context);

void recent_log_free(struct recent_log *recent_log);
