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

/* Goes on with events after an upgrade. dropped: events that were dropped and are not yet reported. */
void event_stream_resume(struct session *session, unsigned long dropped);
unsigned long event_stream_dropped(const struct session *session);

const char *event_stream_verb(const struct session *session); /* "events" or "top"; NULL: the session has neither */
