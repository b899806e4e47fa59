/* What superd reports about a service, as JSON: one function for each query verb. */
#pragma once

#include "base/buf.h"
#include "control/recent_log.h"
#include "control/request.h"
#include "control/selection.h"

/* The service to report, and the time. */
struct service_view {
	struct supervisor *supervisor;
	const struct recent_log *recent_log;
	const struct request *request;
	struct service_match match;
	const struct idle_count *clients; /* its connections, counted now; NULL: not counted */
	double now;                     /* loop time, seconds */
	double offset;                  /* seconds to add to a loop time for the Unix time (show_wall_offset) */
};

double show_wall_offset(double now);
void show_place(struct buf *out, const char *name, struct origin at);  /* adds "FILE:LINE", or null */

void show_status(const struct service_view *view, struct buf *out);     /* all facts, for status */
void show_row(const struct service_view *view, struct buf *out);        /* the most important facts, for list and top */
void show_gaps(const struct service_view *view, struct buf *out);       /* times without clients, for idle */
void show_counters(const struct service_view *view, struct buf *out);   /* counters, for metrics */

void show_timeline(const struct service_view *view, struct buf *out);   /* the last hours, for timeline */

/* Adds superd's own capabilities and privileges, as the field "posture". */
void show_posture(struct buf *out);

/* Adds facts about superd itself, as the field "superd". started: loop time of its start. */
void show_superd(const struct supervisor *supervisor, double started, double offset, struct buf *out);
