/* Clients that wait a moment for room under a limit. This must stay cheap under a flood: few clients wait, each once
 * for a short time, and the end of an instance costs one check of each. */
#include "superd/service/slot_wait.h"

#include <stdlib.h>

#include "lib/fd.h"
#include "superd/service/accept_state.h"
#include "superd/service/admission_state.h"
#include "superd/service/pending.h"
#include "superd/loop/fd_watch.h"

struct waiter {
	struct list link;               /* in engine->admission->slot_waits */
	struct alarm end;
	struct service_runtime *runtime;
	struct pending_client pending;
	void (*over)(struct service_runtime *runtime, struct pending_client *pending, bool cancelled);
};

/* Ends the wait, and gives the client back to the callback. */
static void give_back(struct waiter *waiter, bool cancelled)
{
	struct service_runtime *runtime = waiter->runtime;
	struct pending_client pending = waiter->pending;
	void (*over)(struct service_runtime *, struct pending_client *, bool) = waiter->over;

	alarm_stop(&waiter->end);
	list_remove(&waiter->link);
	runtime->run->accept->slot_waiters--;
	runtime->engine->admission->slot_wait_count--;
	free(waiter);
	over(runtime, &pending, cancelled);
}

static void on_end(struct alarm *alarm)
{
	give_back(container_of(alarm, struct waiter, end), false);
}

bool slot_wait_give(struct service_runtime *runtime, struct pending_client *pending,
		    void (*over)(struct service_runtime *runtime, struct pending_client *pending, bool cancelled))
{
	struct admission *admission = runtime->engine->admission;
	struct waiter *waiter;

	if (pending->has_waited || admission->slot_wait_count >= SLOT_WAIT_MOST ||
	    runtime->run->accept->slot_waiters >= SLOT_WAIT_EACH)
		return false;
	waiter = malloc(sizeof(*waiter));
	if (!waiter)
		return false;
	pending->has_waited = true;
	pending->client.fd = fd_raise(pending->client.fd, FD_HIGH);
	waiter->runtime = runtime;
	waiter->pending = *pending;
	waiter->over = over;
	alarm_init(&waiter->end, runtime->engine, on_end);
	alarm_set(&waiter->end, SLOT_WAIT_SECONDS);
	list_add(&admission->slot_waits, &waiter->link);
	runtime->run->accept->slot_waiters++;
	admission->slot_wait_count++;
	return true;
}

void slot_wait_look(struct engine *engine)
{
	LIST_EACH(link, &engine->admission->slot_waits) {
		struct waiter *waiter = container_of(link, struct waiter, link);

		if (pending_fits(waiter->runtime, &waiter->pending))
			give_back(waiter, false);
	}
}

void slot_wait_cancel(struct service_runtime *runtime)
{
	if (!accept_state_find(runtime) || !runtime->run->accept->slot_waiters)
		return;
	LIST_EACH(link, &runtime->engine->admission->slot_waits) {
		struct waiter *waiter = container_of(link, struct waiter, link);

		if (waiter->runtime == runtime)
			give_back(waiter, true);
	}
}
