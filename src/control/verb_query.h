/* Answering about one service after the other, in slices that do not hold the loop: status, list, show, why, metrics;
 * and health, which is one answer about all. */
#pragma once

#include "control/session.h"

void verb_query_status(struct session *session);
void verb_query_list(struct session *session);
void verb_query_show(struct session *session);
void verb_query_why(struct session *session);
void verb_query_metrics(struct session *session);
void verb_query_health(struct session *session);
void verb_query_version(struct session *session);

#define SLICE 0.002                     /* seconds that one turn may take */

/* What makes the wall clock of the loop's time. */
double verb_query_wall_offset(double now);
