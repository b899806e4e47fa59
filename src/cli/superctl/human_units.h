/* Numbers as people read them. */
#pragma once

#include "base/buf.h"

void human_units_add_span(struct buf *out, double seconds);     /* base/duration_text */
void human_units_add_age(struct buf *out, double seconds);      /* the same without fractions */
void human_units_add_bytes(struct buf *out, double bytes);      /* "512B" "2.1M", base 1024 */
void human_units_add_time(struct buf *out, double unix_seconds); /* "Fri 2026-11-20 16:20:11", of this machine's zone */
void human_units_add_clock(struct buf *out, double unix_seconds); /* "Nov 20 16:20:11" */

/* The shortest text that reads back the same, always with a point or an exponent: "1.0" "0.005" "1e-05". */
void human_units_add_float(struct buf *out, double number);
