/* Events that lower parts of the engine post to a service. superd handles them in order, when the present callback
 * of the loop has returned and before it calls another one. So the function that posts an event never sees the
 * service change or go away under it. */
#pragma once

#include <ev.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct engine;

#define POSTED_MOST 24                  /* upper bound of the kinds of events that are posted */

/* The posted events of one service; embedded in the service. A zeroed struct has none. */
struct posted {
	struct posted *next;            /* next service with posted events */
	unsigned char events[POSTED_MOST];      /* 1 + enum service_event, the oldest first; 0: the end */
};

/* The number of events that the service has not handled yet. */
static inline size_t events_posted(const struct posted *posted)
{
	return strnlen((const char *)posted->events, POSTED_MOST);
}

/* The loop calls on_posted, which handles the events. */
void events_init(struct engine *engine, void (*on_posted)(struct ev_loop *loop, ev_prepare *watcher, int events));

/* Makes the loop call on_posted when the present callback has returned. */
void events_feed(struct engine *engine);

/* Has superd try again in a second what lacked memory: the timer of a pause, a service of the table, the count of clients. */
void events_starve(struct engine *engine);

/* Posts an event. Never fails. An event that is posted already keeps its place. */
void events_post(struct engine *engine, struct posted *posted, unsigned char event);

/* Removes and returns the oldest event. false: there is none. */
bool events_take(struct engine *engine, struct posted *posted, unsigned char *event);

/* Drops all events, before the service is freed. */
void events_forget(struct engine *engine, struct posted *posted);
