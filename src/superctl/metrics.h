/* superd's counters as a page for Prometheus, in its text format (prometheus.io, "Exposition formats", version 0.0.4),
 * which all collectors read. */
#pragma once

#include <jansson.h>

#include "lib/buf.h"

/* Adds the page. greeting: superd's first line; lines: an array of its answer to "metrics". */
void metrics_compose(struct buf *out, const json_t *greeting, const json_t *lines);
