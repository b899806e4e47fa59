/* Answers without an end: events, as they are logged, and top, one line in each interval. */
#pragma once

#include "lib/log/log.h"
#include "superd/control/session.h"

/* Starts to listen to the log, for the server's recent log and for the sessions with events. */
void event_stream_open(struct server *server);

void event_stream_events(struct session *session);      /* begins the verb events */
void event_stream_top(struct session *session);         /* begins the verb top */

/* Ends the present request, and continues as the verb events, for the services that its names match. */
void event_stream_follow(struct session *session);
