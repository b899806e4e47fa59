/* What superd counts, for Prometheus and its like. The text format is what everybody reads, promtool and the textfile
 * collector of node_exporter among them; OpenMetrics has a unit and an end, and its types info and stateset. Sources:
 * prometheus.io, "Exposition formats", version 0.0.4; openmetrics.io, version 1.0. */
#pragma once

#include <jansson.h>

#include "base/buf.h"
#include "cli/superctl/options.h"

const char *metrics_content_type(enum metrics_format format);

/* greeting: what superd says of itself; lines: what it answered to "metrics". */
void metrics_compose(struct buf *out, enum metrics_format format, const json_t *greeting, const json_t *lines);
