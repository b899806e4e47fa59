/* What superd tells of a service, as JSON: one function for each of the reading verbs. */
#pragma once

#include "base/buf.h"
#include "control/recent_log.h"
#include "control/selection.h"

/* What is told, of whom, and when. */
struct service_view {
	struct supervisor *supervisor;
	const struct recent_log *recent_log;
	struct service_match match;
	double now;                     /* loop time, */
	double offset;                  /* and what makes the wall clock's of it */
};

/* The whole of it, for status. */
void show_status(const struct service_view *view, struct buf *out);

/* A short one, for list. */
void show_row(const struct service_view *view, struct buf *out);

/* The same with what a view of all that happens needs, for top. */
void show_busy(const struct service_view *view, struct buf *out);

/* Its counters, for metrics. */
void show_counters(const struct service_view *view, struct buf *out);

/* What superd holds of the machine, as a field of that name. */
void show_posture(struct buf *out);

/* superd itself, as a field of that name. */
void show_superd(const struct supervisor *supervisor, double started, double offset, struct buf *out);
