/* Clients that wait a moment for room under a limit. Under a flood this must stay cheap: few clients wait, each once
 * for a short time, and the end of an instance costs one look at each. */
#include "engine/accept/slot_wait.h"

#include <stdlib.h>

#include "base/fd.h"
#include "engine/accept/accept_state.h"
#include "engine/accept/admission_state.h"
#include "engine/core/fd_watch.h"

struct waiter {
	struct list link;               /* in engine->admission->slot_waits */
	struct alarm end;
	struct service_runtime *runtime;
	struct pending_client guest;
	void (*over)(struct service_runtime *runtime, struct pending_client *guest, bool cancelled);
};

/* Gives the guest back. */
static void let_go(struct waiter *waiter, bool cancelled)
{
	struct service_runtime *runtime = waiter->runtime;
	struct pending_client guest = waiter->guest;
	void (*over)(struct service_runtime *, struct pending_client *, bool) = waiter->over;

	alarm_stop(&waiter->end);
	list_remove(&waiter->link);
	runtime->run->accept->slot_waiters--;
	runtime->engine->admission->slot_wait_count--;
	free(waiter);
	over(runtime, &guest, cancelled);
}

static void on_end(struct alarm *alarm)
{
	let_go(container_of(alarm, struct waiter, end), false);
}

bool slot_wait_give(struct service_runtime *runtime, struct pending_client *guest,
		    void (*over)(struct service_runtime *runtime, struct pending_client *guest, bool cancelled))
{
	struct admission *admission = runtime->engine->admission;
	struct waiter *waiter;

	if (guest->has_waited || admission->slot_wait_count >= GRACE_MOST ||
	    runtime->run->accept->slot_waiters >= GRACE_EACH)
		return false;
	waiter = malloc(sizeof(*waiter));
	if (!waiter)
		return false;
	guest->has_waited = true;
	guest->client.fd = fd_raise(guest->client.fd, FD_HIGH);
	waiter->runtime = runtime;
	waiter->guest = *guest;
	waiter->over = over;
	alarm_init(&waiter->end, runtime->engine, on_end);
	alarm_set(&waiter->end, GRACE_SECONDS);
	list_add(&admission->slot_waits, &waiter->link);
	runtime->run->accept->slot_waiters++;
	admission->slot_wait_count++;
	return true;
}

void slot_wait_look(struct engine *engine)
{
	LIST_EACH(link, &engine->admission->slot_waits) {
		struct waiter *waiter = container_of(link, struct waiter, link);

		if (pending_fits(waiter->runtime, &waiter->guest))
			let_go(waiter, false);
	}
}

void slot_wait_cancel(struct service_runtime *runtime)
{
	if (!accept_state_find(runtime) || !runtime->run->accept->slot_waiters)
		return;
	LIST_EACH(link, &runtime->engine->admission->slot_waits) {
		struct waiter *waiter = container_of(link, struct waiter, link);

		if (waiter->runtime == runtime)
			let_go(waiter, true);
	}
}
