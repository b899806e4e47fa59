/* superd's counters as a page for Prometheus, in its text format (prometheus.io, "Exposition formats", version 0.0.4),
 * which all collectors read. */
#pragma once

#include <jansson.h>

#include "lib/buf.h"
#include "superctl/options.h"

/* Adds the page. greeting: superd's first line; lines: an array of its answer to "metrics". */
void metrics_compose(struct buf *out, const json_t *greeting, const json_t *lines);

/* Asks superd within `limit` milliseconds, and adds the page to `out`; with --json it prints the answer instead. It
 * prints no error: *why has it, and the caller frees it. */
enum ctl_status metrics_ask(const struct superctl_options *options, int64_t limit, struct buf *out, struct buf *why);
