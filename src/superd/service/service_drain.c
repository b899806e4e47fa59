/* Drains and thaws the instance that has the listeners. It drains because its entry has changed, because an operator
 * orders it, or because clients wait at a socket that it does not have. A frozen instance is thawed first. The clients
 * of an instance that is still starting cannot be told from those of its successor, so it drains as soon as it is
 * ready. */
#include "superd/service/service_drain.h"

#include <errno.h>
#include <string.h>

#include "superd/service/runtime_event.h"
#include "superd/service/shared_run.h"
#include "superd/stop/freeze.h"
#include "superd/stop/idle.h"
#include "superd/stop/standby_socket.h"
#include "superd/stop/stop.h"

void drain_retire(struct service_runtime *runtime)
{
	shared_run_retire(runtime, false);
	runtime_event(runtime, REPLACED);
	standby_sockets_settle(runtime); /* clients who were left behind before come first */
	runtime_event(runtime, ENABLE);
	runtime_post(runtime, UNREACHABLE);
}

/* Drains the current instance: retires it, and the runtime continues without it. Each of its sockets must have a
 * standby socket (standby_sockets_open). false: a standby socket is missing, or out of memory; the instance stays the
 * current one. */
static bool drain_current(struct service_runtime *runtime, enum stop_reason reason)
{
	bool begun = stop_begin_beside(runtime, reason);

	if (begun)
		drain_retire(runtime);
	return begun;
}

/* It ends after the clients it has. */
static void end_current(struct service_runtime *runtime, enum stop_reason reason)
{
	runtime->run->stop_reason = (unsigned char)reason;
	runtime_event(runtime, UNNEEDED);
}

static void drain_owed(struct service_runtime *runtime)
{
	if (runtime_state(runtime) == FROZEN && standby_sockets_have_clients(runtime))
		runtime_event(runtime, ENABLE);
	if (runtime_state(runtime) != RUNNING || !standby_sockets_have_clients(runtime) ||
	    !standby_sockets_prepare(runtime))
		return;
	standby_sockets_open(runtime);
	if (!service_runs_beside(runtime->service) || !drain_current(runtime, STOP_MOVED))
		end_current(runtime, STOP_MOVED);
}

static void log_drain(const struct service_runtime *runtime, enum level level, const char *what, const struct buf *why)
{
	struct event event = {
		.name = "draining", .service = runtime->service->name, .pid = runtime_current(runtime)->pid
	};

	log_event(runtime->engine->log, level, &event, "%s%s%s", what, why->length ? ": " : "", buf_string(why));
}

/* false: for the reason in why. */
static bool is_possible(struct service_runtime *runtime, struct buf *why)
{
	if (stop_any_is_beside(runtime)) {
		buf_text(why, "an earlier instance still drains, and an address has at most two sockets");
		return false;
	}
	if (!standby_sockets_may_have(runtime)) {
		buf_text(why, "one of its sockets is of a kind that cannot have a second one");
		return false;
	}
	/* Clients at a socket without a second one could not be told from new ones. */
	if (engine_count_free(runtime->engine, runtime->listener_count) < runtime->listener_count) {
		buf_addf(why, "opening second sockets: %s", strerror(EMFILE));
		return false;
	}
	return true;
}

bool drain_try(struct service_runtime *runtime, struct buf *why)
{
	if (!is_possible(runtime, why))
		return false;
	standby_sockets_open(runtime);
	if (drain_current(runtime, STOP_DRAIN))
		return true;
	if (!standby_sockets_of(runtime) || !standby_sockets_of(runtime)->split) {
		buf_text(why, runtime->run->lack.length ? buf_string(&runtime->run->lack) : "out of memory");
		return false;
	}
	end_current(runtime, STOP_DRAIN);       /* new clients come to some of them, and wait for its end */
	return true;
}

bool drain_begin(struct service_runtime *runtime, struct buf *why)
{
	bool starts = runtime_state(runtime) == STARTING;

	if (!starts && (!is_possible(runtime, why) || standby_sockets_prepare(runtime)))
		return !why->length && drain_try(runtime, why);
	if (!stop_plan_drain(runtime))
		buf_text(why, "out of memory");
	return !why->length;
}

void drain_changed(struct service_runtime *runtime)
{
	const struct instance *instance = runtime_current(runtime);
	const char *what = runtime_is_held(runtime) ? "it cannot be drained: clients cannot be kept from it"
					: "its new configuration applies to the next instance: clients cannot be "
					  "kept from the one that runs";
	struct buf why = { 0 };
	bool is_planned;

	if (runtime_state(runtime) == FROZEN)
		runtime_event(runtime, ENABLE); /* a frozen instance could neither serve its clients nor end */
	if (!instance || (runtime_state(runtime) != STARTING && runtime_state(runtime) != RUNNING))
		return;
	is_planned = stop_is_planned(instance);
	if (!drain_begin(runtime, &why))
		log_drain(runtime, LEVEL_NOTICE, what, &why);
	else if (runtime_state(runtime) == STARTING && !is_planned)
		log_drain(runtime, LEVEL_INFO, "its configuration changed during its start: it drains when it is ready",
			  &why);
	buf_free(&why);
}

/* A drain was planned, and has not been called off since. If it cannot be made, a hold that should last until its end
 * is over. */
static void drain_as_planned(struct service_runtime *runtime)
{
	bool has_changed = runtime->service->groups->lifecycle->on_change == ON_CHANGE_DRAIN &&
		runtime_current(runtime)->outdated;
	bool wanted = runtime_is_held(runtime) || has_changed;

	if (wanted && runtime_state(runtime) != RUNNING)
		return;
	stop_give_up(runtime_current(runtime));
	if (!wanted)
		return;
	drain_changed(runtime);
	if (runtime_is_draining(runtime) && runtime_state(runtime) == RUNNING &&
	    !stop_is_planned(runtime_current(runtime)))
		runtime_event(runtime, RELEASE);
}

void drain_due(struct service_runtime *runtime)
{
	if (!runtime_current(runtime))
		return;
	if (stop_is_planned(runtime_current(runtime)))
		drain_as_planned(runtime);
	drain_owed(runtime);
}

/* In state FROZEN the state tables do it. Before, its idle_timeout or an operator is freezing it, and its idle time
 * begins anew. */
bool service_thaw(struct service_runtime *runtime)
{
	if (!freeze_is_under_way(runtime) && !freeze_is_frozen(runtime))
		return false;
	if (runtime_state(runtime) == FROZEN) {
		runtime_event(runtime, ENABLE);
		if (!runtime->engine->quiet)
			history_set_client(&runtime->run->history, true, "operator");
		return true;
	}
	idle_forget(runtime);
	freeze_thaw(runtime);
	idle_follow(runtime);
	return true;
}
