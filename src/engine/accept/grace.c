/* Clients that wait a moment for room under a limit. Under a flood this must stay cheap: few clients wait, each once
 * for a short time, and the end of an instance costs one look at each. */
#include "engine/accept/grace.h"

#include <stdlib.h>

#include "base/fd.h"
#include "engine/core/watch.h"

struct waiter {
	struct list link;               /* in engine->graced */
	struct alarm end;
	struct keeper *keeper;
	struct guest guest;
	void (*over)(struct keeper *keeper, struct guest *guest, bool cancelled);
};

/* Gives the guest back. */
static void let_go(struct waiter *waiter, bool cancelled)
{
	struct keeper *keeper = waiter->keeper;
	struct engine *engine = keeper->engine;
	struct guest guest = waiter->guest;
	void (*over)(struct keeper *, struct guest *, bool) = waiter->over;

	alarm_stop(&waiter->end);
	list_remove(&waiter->link);
	keeper->activity->graced--;
	engine->graced_count--;
	free(waiter);
	over(keeper, &guest, cancelled);
}

static void on_end(struct alarm *alarm)
{
	let_go(container_of(alarm, struct waiter, end), false);
}

bool grace_give(struct keeper *keeper, struct guest *guest,
		void (*over)(struct keeper *keeper, struct guest *guest, bool cancelled))
{
	struct engine *engine = keeper->engine;
	struct waiter *waiter;

	if (guest->has_waited || engine->graced_count >= GRACE_MOST || keeper->activity->graced >= GRACE_EACH)
		return false;
	waiter = malloc(sizeof(*waiter));
	if (!waiter)
		return false;
	guest->has_waited = true;
	guest->client.fd = fd_raise(guest->client.fd, FD_HIGH);
	waiter->keeper = keeper;
	waiter->guest = *guest;
	waiter->over = over;
	alarm_init(&waiter->end, engine, on_end);
	alarm_set(&waiter->end, GRACE_SECONDS);
	list_add(&engine->graced, &waiter->link);
	keeper->activity->graced++;
	engine->graced_count++;
	return true;
}

void grace_look(struct engine *engine)
{
	LIST_EACH(link, &engine->graced) {
		struct waiter *waiter = container_of(link, struct waiter, link);

		if (guest_fits(waiter->keeper, &waiter->guest))
			let_go(waiter, false);
	}
}

void grace_cancel(struct keeper *keeper)
{
	if (!keeper->activity || !keeper->activity->graced)
		return;
	LIST_EACH(link, &keeper->engine->graced) {
		struct waiter *waiter = container_of(link, struct waiter, link);

		if (waiter->keeper == keeper)
			let_go(waiter, true);
	}
}
