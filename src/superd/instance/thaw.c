/* Thaws an instance: before it is stopped, when it has ended, and when it is needed again. */
#include "superd/instance/thaw.h"

#include <errno.h>
#include <string.h>

#include "lib/buf.h"
#include "superd/instance/notify_state.h"
#include "superd/instance/relay.h"
#include "superd/instance/runtime.h"

#define RETRY .1                        /* seconds */

void instance_log_freeze(const struct instance *instance, enum level level, const char *name, const char *what)
{
	struct event event = { .name = name, .service = instance->service->name, .pid = instance->pid, .reason = what };

	log_event(instance->engine->log, level, &event, "pid %ld %s", (long)event.pid, what);
}

static void on_again(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct instance *instance = timer->data;

	(void)events;
	if (!freezer_thaw(&instance->freeze->freezer))
		return;
	ev_timer_stop(loop, timer);
	instance_log_freeze(instance, LEVEL_NOTICE, "thawed", "is thawed now");
}

/* Its clients wait, while superd takes it for one that runs. */
static void thaw_again(struct instance *instance, int error)
{
	struct buf what = { 0 };

	buf_addf(&what, "stays frozen: its control group cannot be thawed: %s; superd tries again", strerror(error));
	instance_log_freeze(instance, LEVEL_ERROR, "unfrozen", buf_string(&what));
	buf_free(&what);
	ev_timer_init(&instance->freeze->again, on_again, RETRY, RETRY);
	instance->freeze->again.data = instance;
	ev_timer_start(instance->engine->loop, &instance->freeze->again);
}

/* Thaws the processes before anything else. */
void instance_thaw(struct instance *instance)
{
	struct freeze *freeze = instance->freeze;

	if (!freeze || (!freeze->is_under_way && freeze->since <= 0))
		return;
	if (!freezer_thaw(&freeze->freezer))
		thaw_again(instance, errno);
	relay_freeze(instance, false);
	freezer_free(&freeze->freezer);
	ev_timer_stop(instance->engine->loop, &freeze->next);
	freeze->is_under_way = false;
	freeze->since = 0;
	if (instance->notice)
		watchdog_pause(instance->notice, false);
	/* An instance that is being stopped by now has another limit. */
	if (freeze->limit > 0 && !instance->facts.stopped && instance->child.pid > 0)
		instance_limit(instance, (int64_t)(freeze->limit * 1e6) + 1);
	runtime_post(instance->context, THAWED);
}
