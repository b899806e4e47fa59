/* What superd tells of a service, as JSON: one function for each of the reading verbs. */
#pragma once

#include "base/buf.h"
#include "control/lately.h"
#include "control/selection.h"

/* What is told, of whom, and when. */
struct showing {
	struct supervisor *supervisor;
	const struct lately *lately;
	struct found found;
	double now;                     /* loop time, */
	double offset;                  /* and what makes the wall clock's of it */
};

/* The whole of it, for status. */
void show_status(const struct showing *showing, struct buf *out);

/* A short one, for list. */
void show_row(const struct showing *showing, struct buf *out);

/* The same with what a view of all that happens needs, for top. */
void show_busy(const struct showing *showing, struct buf *out);

/* Its counters, for metrics. */
void show_counters(const struct showing *showing, struct buf *out);

/* What superd holds of the machine, as a field of that name. */
void show_posture(struct buf *out);

/* superd itself, as a field of that name. */
void show_superd(const struct supervisor *supervisor, double started, double offset, struct buf *out);
