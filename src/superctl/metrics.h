/* superd's counters as a page for Prometheus, in its text format (prometheus.io, "Exposition formats", version 0.0.4),
 * which all collectors read, or as OpenMetrics (openmetrics.io, version 1.0), which has units, an end mark, and the
 * types info and stateset. */
#pragma once

#include <jansson.h>

#include "lib/buf.h"
#include "superctl/options.h"

const char *metrics_content_type(enum metrics_format format);

/* Adds the page. greeting: superd's first line; lines: an array of its answer to "metrics". */
void metrics_compose(struct buf *out, enum metrics_format format, const json_t *greeting, const json_t *lines);
