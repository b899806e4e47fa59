/* Numbers as people read them. Each function adds text to `out`. */
#pragma once

#include "lib/buf.h"

void human_units_add_span(struct buf *out, double seconds);     /* "3 min 5 s", "3.2 ms" (lib/units.h) */
void human_units_add_age(struct buf *out, double seconds);      /* the same in whole seconds */
void human_units_add_bytes(struct buf *out, double bytes);      /* "512B", "2.1M" (lib/units.h) */
void human_units_add_time(struct buf *out, double unix_seconds); /* "Fri 2026-11-20 16:20:11" (lib/units.h) */
void human_units_add_clock(struct buf *out, double unix_seconds); /* "16:20:11", with the date if that is not today */
void human_units_add_dated(struct buf *out, double unix_seconds); /* "Nov 20 16:20:11" */
void human_units_add_minute(struct buf *out, double unix_seconds); /* "16:20" */

/* Adds the shortest text that strtod(3) reads back as the same number, always with a point or an exponent, as
 * Prometheus 3 keeps the bounds of a histogram: "1.0" "0.005" "1e-05". */
void human_units_add_float(struct buf *out, double number);
