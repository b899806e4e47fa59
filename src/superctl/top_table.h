/* One table of superctl top: the processor time and memory of superd and its busiest services, sorted. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "lib/buf.h"
#include "superctl/rate_history.h"
#include "superctl/screen.h"

struct top_table {
	json_t *now, *before;           /* the last two answers, owned; NULL: there was none */
	struct rate_history rates;      /* connections and starts of the last answers */
	char sort;                      /* sort key: 'm' memory, 'c' CPU, 'n' name, 's' state, 'u' last use */
};

/* Takes a reference to the next answer. Shares of the processor are computed against the answer before. */
void top_table_take(struct top_table *table, const json_t *line);

/* Adds the head, and at most `most` services with the number of the others. SIZE_MAX: all services. */
void top_table_add(const struct top_table *table, const struct screen *screen, size_t most, struct buf *out);
void top_table_free(struct top_table *table);
