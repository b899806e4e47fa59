/* One table of superctl top: what superd and its busiest services use, sorted. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "cli/superctl/screen.h"

struct top_table {
	json_t *now, *before;           /* the last two answers, owned; before may be NULL */
	char sort;                      /* m, c, n, s */
	size_t first;                   /* services scrolled past */
};

/* The next answer; the one before it is what processor time is compared with. */
void top_table_take(struct top_table *table, const json_t *line);

/* The head and at most so many lines of services, each with `end` behind it; SIZE_MAX: all. */
void top_table_add(struct top_table *table, const struct screen *screen, size_t most, const char *end, struct buf *out);

size_t top_table_services(const struct top_table *table);
void top_table_free(struct top_table *table);
