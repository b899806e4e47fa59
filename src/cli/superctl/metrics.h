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

/* Asks superd, within so many milliseconds, and composes; what went wrong is in *why, and said nowhere. */
enum ctl_status metrics_ask(const struct superctl_options *options, int64_t limit, struct buf *out, struct buf *why);

/* Answers one HTTP request on stdin and stdout. */
enum ctl_status metrics_serve(const struct superctl_options *options);
