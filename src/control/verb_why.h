/* The state of a service in sentences: its reason, the awaited event, the last events. And health. */
#pragma once

#include "base/buf.h"
#include "control/show.h"

void verb_why_write(const struct service_view *view, struct buf *out);  /* adds an object, for why */
void verb_why_write_health(const struct supervisor *supervisor, struct buf *out);       /* adds fields, for health */
void verb_why_write_health_of(const struct service_view *view, struct buf *out); /* adds an object, for health with names */
