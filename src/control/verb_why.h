/* The state of a service in words: why it is as it is, what it waits for, what was last. And whether all is well. */
#pragma once

#include "base/buf.h"
#include "control/show.h"

void verb_why_write(const struct service_view *view, struct buf *out);  /* an object, for why */
void verb_why_write_health(const struct supervisor *supervisor, struct buf *out);       /* fields, for health */
void verb_why_write_health_of(const struct service_view *view, struct buf *out); /* an object, for health with names */
