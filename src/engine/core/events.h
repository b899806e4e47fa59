/* Events that parts of the engine have for a service that stands above them. It hears of them as soon as the present callback
 * of the loop has returned, before any other callback, in the order in which they were posted, and never in the midst of
 * something. So neither the state of a service nor the service itself changes under whoever posts. */
#pragma once

#include <ev.h>
#include <stdbool.h>

struct engine;

#define POSTED_MOST 23                  /* as many kinds of events are never posted */

/* The events of one service that wait; part of it. A zeroed struct has none. */
struct posted {
	struct posted *next;            /* those of the next service that has any */
	unsigned char count;
	unsigned char events[POSTED_MOST];      /* the oldest first */
};

/* on_posted is what the loop calls. */
void events_init(struct engine *engine, void (*on_posted)(struct ev_loop *loop, ev_prepare *watcher, int events));

/* Has the loop call on_posted when the present callback has returned. */
void events_feed(struct engine *engine);

/* Never fails. An event that waits already keeps its place. */
void events_post(struct engine *engine, struct posted *posted, unsigned char event);

/* The oldest event, which waits no more. false: there is none. */
bool events_take(struct engine *engine, struct posted *posted, unsigned char *event);

/* Drops them: their service is about to be freed. */
void events_forget(struct engine *engine, struct posted *posted);
