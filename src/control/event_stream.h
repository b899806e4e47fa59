/* Answers without an end: events as they are logged, and top, a line every interval. */
#pragma once

#include "base/log/log.h"
#include "control/session.h"

/* Hears what is logged, for those who follow it and for the server's recent log. */
void event_stream_open(struct server *server);

void event_stream_events(struct session *session);
void event_stream_top(struct session *session);

/* With events, after an upgrade, whatever the table has; so many were dropped, and nobody was told. */
void event_stream_resume(struct session *session, unsigned long dropped);
unsigned long event_stream_dropped(const struct session *session); /* of events: what was dropped and is not told yet */

const char *event_stream_verb(const struct session *session); /* events, top; NULL: it follows nothing */
