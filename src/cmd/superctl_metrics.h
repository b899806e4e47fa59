/* What superd counts, as OpenMetrics text (openmetrics.io, version 1.0). */
#pragma once

#include <jansson.h>

#include "base/buf.h"
#include "cmd/superctl_order.h"

#define METRICS_CONTENT_TYPE "application/openmetrics-text; version=1.0.0; charset=utf-8"

/* greeting: what superd says of itself; lines: what it answered to "metrics". */
void metrics_compose(struct buf *out, const json_t *greeting, const json_t *lines);

/* Asks superd, within so many milliseconds, and composes; what went wrong is in *why, and said nowhere. */
enum ctl_status metrics_ask(const struct order *order, int64_t limit, struct buf *out, struct buf *why);

/* Answers one HTTP request on stdin and stdout. */
enum ctl_status metrics_serve(const struct order *order);
