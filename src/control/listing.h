/* Answering about one service after the other, in slices that do not hold the loop: status, list, show, why, metrics;
 * and health, which is one answer about all. */
#pragma once

#include "control/session.h"

void listing_status(struct session *session);
void listing_list(struct session *session);
void listing_show(struct session *session);
void listing_why(struct session *session);
void listing_metrics(struct session *session);
void listing_health(struct session *session);
void listing_version(struct session *session);

#define SLICE 0.002                     /* seconds that one turn may take */

/* What makes the wall clock of the loop's time. */
double listing_wall_offset(double now);
