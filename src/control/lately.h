/* What was last logged of each service, for its status: a few lines each, and so many bytes in all, beyond which the
 * oldest lines of whoever has been silent longest go. Only a service that has said anything costs something. */
#pragma once

#include <stddef.h>

#include "base/list.h"
#include "base/log.h"

#define LATELY_LINES 10
#define LATELY_TEXT 300                 /* bytes of a line */
#define LATELY_MOST (96 << 10)          /* bytes of all of them, with what keeps them */
#define LATELY_BUCKETS 1024

struct late_line {
	struct list link;
	double at;                      /* seconds of the wall clock */
	enum level level;
	char text[];
};

struct lately {
	struct list buckets[LATELY_BUCKETS];    /* by a hash of the name; the lists are made at the first line */
	struct list voices;             /* all of them; who spoke last is last */
	size_t used;
	bool ready;
};

void lately_take(struct lately *lately, const char *service, double at, enum level level, const char *text,
		 size_t length);

/* The lines of a service, struct late_line, the oldest first; NULL: there are none. */
struct list *lately_of(const struct lately *lately, const char *service);
/* All lines, those of who has been silent longest first. */
void lately_each(struct lately *lately,
		 void (*act)(void *context, const char *service, const struct late_line *line), void *context);

void lately_free(struct lately *lately);
