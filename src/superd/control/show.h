/* What superd reports about a service, as JSON. */
#pragma once

#include "lib/buf.h"
#include "superd/control/recent_log.h"
#include "superd/control/request.h"
#include "superd/control/selection.h"

/* The service to report, and the time. */
struct service_view {
	struct supervisor *supervisor;
	const struct recent_log *recent_log;
	const struct request *request;
	struct service_match match;
	bool hides_program;             /* what the program is started with and prints is left out */
	size_t most;                    /* quoted bytes of the line at which its lists end, without usage; 0: no bound */
	double now;                     /* loop time, seconds */
	double offset;                  /* seconds to add to a loop time for the Unix time (show_wall_offset) */
};

double show_wall_offset(double now);
void show_place(struct buf *out, const char *name, struct origin at);  /* adds "FILE:LINE", or null */

/* The verbs that report services, each with its part of the facts: status has all, list the most important ones, for
 * top, too, metrics the counters, timeline the last hours, verbs that change a service what their result needs, and
 * WAITING what keeps it from that. DUMP: for SIGUSR1. */
enum answer {
	ANSWER_STATUS = 1, ANSWER_LIST = 2, ANSWER_METRICS = 4, ANSWER_ORDER = 8, ANSWER_DUMP = 16,
	ANSWER_TIMELINE = 32, ANSWER_HEALTH = 64, ANSWER_WAITING = 128,
};

void show_facts(const struct service_view *view, enum answer answer, struct buf *out);  /* members of an object */
void show_for_dump(struct service_runtime *runtime, struct buf *out);    /* for SIGUSR1 (service_list.describe) */
void show_service(const struct service_view *view, enum answer answer, struct buf *out);
void show_timeline(const struct service_view *view, struct buf *out);   /* for show.c: members of an object */

/* Adds superd's own capabilities and privileges, as the field "posture". */
void show_posture(struct buf *out);

/* Adds facts about superd itself, as the field "superd". started: loop time of its start. */
void show_superd(const struct supervisor *supervisor, double started, double offset, struct buf *out);

void show_background(const struct service_runtime *runtime, struct buf *out); /* processes that its program has left */
