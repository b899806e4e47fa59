/* The queue of posted events: a list of the services that have any, each with its own, so posting never allocates. The
 * watcher is never started, only fed: at the highest priority libev calls it right after the present callback (ev(3),
 * ev_feed_event). */
#include "superd/loop/events.h"

#include <assert.h>

#include "superd/loop/engine.h"

_Static_assert(EV_VERSION_MAJOR > 4 || EV_VERSION_MINOR >= 15, "libev calls a watcher that was fed in time since 4.15");

void events_init(struct engine *engine, void (*on_posted)(struct ev_loop *loop, ev_prepare *watcher, int events))
{
	ev_prepare_init(&engine->events.watcher, on_posted);
	ev_set_priority(&engine->events.watcher, EV_MAXPRI);
	engine->events.watcher.data = engine;
}

void events_feed(struct engine *engine)
{
	if (engine->loop)               /* else whoever sets superd up lets it be heard of */
		ev_feed_event(engine->loop, &engine->events.watcher, EV_CUSTOM);
}

void events_starve(struct engine *engine)
{
	engine->events.starved = true;
	events_feed(engine);
}

static void queue_remove(struct event_queue *queue, struct posted *posted)
{
	struct posted **place = &queue->first, *before = NULL;

	while (*place != posted) {
		before = *place;
		place = &before->next;
	}
	*place = posted->next;
	if (queue->last == posted)
		queue->last = before;
}

void events_post(struct engine *engine, struct posted *posted, unsigned char event)
{
	struct event_queue *queue = &engine->events;
	size_t count = events_posted(posted);

	if (memchr(posted->events, event + 1, count))
		return;
	if (!count) {
		posted->next = NULL;
		if (queue->first)
			queue->last->next = posted;
		else
			queue->first = posted;
		queue->last = posted;
	}
	assert(count < POSTED_MOST);
	posted->events[count] = (unsigned char)(event + 1);
	events_feed(engine);
}

bool events_take(struct engine *engine, struct posted *posted, unsigned char *event)
{
	if (!posted->events[0])
		return false;
	*event = (unsigned char)(posted->events[0] - 1);
	memmove(posted->events, posted->events + 1, POSTED_MOST - 1);
	posted->events[POSTED_MOST - 1] = 0;
	if (!posted->events[0])
		queue_remove(&engine->events, posted);
	return true;
}

void events_forget(struct engine *engine, struct posted *posted)
{
	if (posted->events[0])
		queue_remove(&engine->events, posted);
	memset(posted->events, 0, sizeof(posted->events));
}
