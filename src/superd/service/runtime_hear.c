/* Handles the events that were posted to services (superd/loop/events), one service after the other, and frees
 * removed runtimes that have ended. */
#include "superd/service/accept.h"
#include "superd/service/admission_state.h"
#include "superd/service/slot_wait.h"
#include "superd/loop/fd_watch.h"
#include "superd/instance/service_list.h"
#include "superd/instance/wants.h"
#include "superd/service/operator_locks.h"
#include "superd/service/runtime_bind.h"
#include "superd/service/runtime_event.h"
#include "superd/service/service_drain.h"
#include "superd/service/shared_run.h"
#include "superd/service/socket_commands.h"
#include "superd/stop/freeze.h"
#include "superd/stop/idle.h"

/* Frees a removed runtime. Its locks stay if its entry is only left out, because the entry may come back. */
static void free_removed(struct service_runtime *runtime)
{
	struct engine *engine = runtime->engine;
	const struct table *table = engine->service_list->table;
	const char *name = runtime->service->name;

	engine->service_list->generation++; /* a copy of the list is no longer valid */
	if (!table_find(table, name))
		locks_drop(engine, name);
	runtime_free(runtime);
}

static void end_if_over(struct service_runtime *runtime)
{
	struct engine *engine = runtime->engine;

	runtime_end_drain(runtime);
	watch_wake_changes(engine);     /* an operator may wait for its end */
	if (runtime_state(runtime) != OFF || !runtime_is_empty(runtime) || socket_commands_is_busy(runtime) ||
	    (!runtime_is_removed(runtime) && !engine->stopping))
		return;
	engine->events.ended = true;
	if (runtime_is_removed(runtime))
		free_removed(runtime);
}

/* Whether an event that was posted still has a meaning: an event before it may have changed the state. */
static bool is_still_possible(const struct service_runtime *runtime, enum service_event service_event)
{
	return runtime_state(runtime) == runtime->posted_state ||
	       service_transition(runtime->service->exec->accept, runtime->state, service_event).action != IMPOSSIBLE;
}

static void hear_event(struct service_runtime *runtime, unsigned char event)
{
	switch (event) {
	case LOOK:
		runtime_rewatch(runtime);
		wants_follow(runtime);
		break;
	case DRAIN_DUE:
		drain_due(runtime);
		break;
	case DRAINS:
		drain_retire(runtime);
		break;
	case THAWED:
		freeze_release(runtime);
		idle_go_on(runtime);
		break;
	case SETTLED:
		idle_take_freeze(runtime);
		break;
	case HANDED:
		accept_handed(runtime);
		break;
	case WOKEN:
		shared_run_record(runtime);
		break;
	case RESTORED:
		runtime_hear_restored(runtime);
		break;
	case SOCKETS_DUE:
		runtime_look_at_sockets(runtime);
		break;
	case RESTS:
		runtime_close_resting(runtime);
		break;
	case UNREACHABLE:
		runtime_reopen_unreachable(runtime);
		break;
	default:
		if (is_still_possible(runtime, (enum service_event)event))
			runtime_event(runtime, (enum service_event)event);
	}
}

void runtime_hear(struct service_runtime *runtime)
{
	unsigned char event;
	bool any = false;

	for (; events_take(runtime->engine, &runtime->posted, &event); any = true)
		hear_event(runtime, event);
	if (any)                        /* check in the loop whether it has ended */
		runtime_post(runtime, LOOK);
}

static void hear_all(struct engine *engine)
{
	while (engine->events.first) {
		struct service_runtime *runtime = container_of(engine->events.first, struct service_runtime, posted);
		unsigned char event;

		while (events_take(engine, &runtime->posted, &event))
			hear_event(runtime, event);
		end_if_over(runtime);
	}
}

void runtimes_hear(struct engine *engine)
{
	hear_all(engine);
	/* A client that waits for a slot is served after the one that had it has ended. */
	while (engine->admission->slot_freed) {
		engine->admission->slot_freed = false;
		slot_wait_look(engine);
		hear_all(engine);
	}
}
