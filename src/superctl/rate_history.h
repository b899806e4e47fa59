/* The connections and starts a second of each service between the last answers to top, drawn as a bar for each.
 *
 * An answer has only busy services. One that is missing had no instance, and its rate is 0. */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "lib/buf.h"

#define RATE_HISTORY_MOST 10 /* bars */

struct rate_history {
	json_t *services;               /* by name: private to rate_history.c; owned */
	double at;                      /* time of the last answer; 0: there was none */
	bool is_partial;                /* the last answer left busy services out */
};

/* Takes the counters of the next answer. */
void rate_history_take(struct rate_history *history, const json_t *line);

/* Adds the bars of a service, the newest one last. The highest has the full height. */
void rate_history_add(const struct rate_history *history, const char *service, bool unicode, struct buf *out);
void rate_history_free(struct rate_history *history);
