/* Makes and frees runtimes, and applies a changed entry to a running service. Instances, sockets and counters of a
 * service that stays must go on as if nothing had happened. */
#include "superd/service/runtime_event.h"

#include <stdlib.h>

#include "lib/clock.h"
#include "lib/fd.h"
#include "os/socket/bind.h"
#include "superd/service/accept_state.h"
#include "superd/service/admission_state.h"
#include "superd/service/refuse.h"
#include "superd/service/socket_rest.h"
#include "superd/stop/queue_notes.h"
#include "superd/stop/start_look.h"
#include "superd/instance/background.h"
#include "superd/instance/bind_calls.h"
#include "superd/instance/warm_pool.h"
#include "superd/loop/close_socket.h"
#include "superd/instance/service_list.h"
#include "superd/instance/start_queue.h"
#include "superd/instance/wants.h"
#include "superd/service/old_entry.h"
#include "superd/service/operator_locks.h"
#include "superd/service/runtime_bind.h"
#include "superd/service/service_drain.h"
#include "superd/service/service_reload.h"
#include "superd/service/shared_run.h"
#include "superd/service/socket_commands.h"
#include "superd/stop/idle.h"
#include "superd/stop/standby_socket.h"
#include "superd/stop/stop.h"
#include "table/services/diff.h"
#include "table/type/type.h"

_Static_assert(sizeof(struct service_runtime) % _Alignof(struct listener) == 0, "its listeners stand behind it");
_Static_assert(sizeof(struct service_runtime) + sizeof(struct listener) <= 136, "with malloc's 8 bytes 144");

/* The listeners that it is made with, in the same memory. */
static struct listener *first_listeners(struct service_runtime *runtime)
{
	return (struct listener *)(runtime + 1);
}

void runtime_free_listeners(struct service_runtime *runtime, struct listener *listeners)
{
	if (listeners != first_listeners(runtime))
		free(listeners);
}

struct service_runtime *runtime_new(struct engine *engine, struct table *table, const struct service *service)
{
	struct service_runtime *runtime = calloc(1, sizeof(*runtime) + service->socket_count * sizeof(struct listener));

	if (!runtime)
		return NULL;
	runtime->listeners = first_listeners(runtime);
	runtime->engine = engine;
	runtime->table = table;
	table->users++;
	runtime->service = service;
	runtime->listener_count = (unsigned)service->socket_count;
	for (size_t n = 0; n < runtime->listener_count; n++)
		listener_init(&runtime->listeners[n], &service->sockets[n], runtime);
	runtime->since = clock_now();
	return runtime;
}

/* Called when no instance of the service runs any more. */
static void free_run(struct service_runtime *runtime)
{
	struct service_run *run = runtime->run;

	fdstore_free(run->kit.store);
	list_remove(&run->leaving);
	list_remove(&run->fd_wait);
	list_remove(&run->wanting);
	start_queue_leave(runtime);
	if (!runtime->service->exec->accept)
		instance_cgroup_forget(runtime->engine, runtime->service);
	queue_notes_free(runtime);
	accept_state_free(runtime);
	failures_free(&run->stats.failed);
	history_free(&run->history);
	buf_free(&run->lack);
	free(run);
	runtime->run = NULL;
}

void runtime_free(struct service_runtime *runtime)
{
	if (runtime)
		runtime->engine->unsaved_all = true;
	if (!runtime)
		return;
	runtime_forget_conditions(runtime);
	if (runtime->run && runtime->run->socket_commands)
		socket_commands_free(runtime);
	if (runtime->run && runtime->run->reload)
		service_reload_free(runtime);
	runtime_stop_timer(runtime);
	idle_forget(runtime);
	start_look_forget(runtime);
	runtime_close_listeners(runtime);
	warm_pool_free(runtime);
	background_free(runtime);
	if (runtime->run)
		start_kit_free(&runtime->run->kit);
	shared_run_abandon(runtime);
	if (runtime->run)
		free_run(runtime);
	table_release(runtime->table);
	events_forget(runtime->engine, &runtime->posted);
	runtime_free_listeners(runtime, runtime->listeners);
	free(runtime);
}

/* Gives the runtime and its instances another entry. The time limits of the new entry for stopping apply to running
 * instances, too. */
static void set_entry(struct service_runtime *runtime, struct table *table, const struct service *service)
{
	table->users++;
	table_release(runtime->table);
	runtime->table = table;
	runtime->service = service;
	LIST_EACH(link, runtime_instances(runtime))
		container_of(link, struct instance, link)->service = service;
	if (!runtime->run)
		return;
	warm_pool_renew(runtime);
	start_kit_drop(&runtime->run->kit);
	start_kit_drop_notify(&runtime->run->kit);
	if (runtime->run->accept)
		runtime->run->accept->banner_errors_logged = 0;
	for (int n = 0; n < KIT_OUTPUTS; n++) {
		if (runtime->run->kit.outputs[n])
			output_name(runtime->run->kit.outputs[n], service);
	}
}

static void apply_limits(struct service_runtime *runtime)
{
	LIST_EACH(link, runtime_instances(runtime)) {
		struct instance *instance = container_of(link, struct instance, link);

		if (runtime->service->groups->restart->kill_rest)
			instance_see_end(instance);
		instance_cgroup_adopt(&instance->cgroup, runtime->engine, runtime->service, instance->pid);
	}
}

static bool has_instance_with_sockets(const struct service_runtime *runtime)
{
	return !runtime->service->exec->accept && runtime_current(runtime);
}

/* Closes sockets whose file was removed or replaced, because no client can reach them any more. true: there was one. */
static bool drop_unreachable(struct service_runtime *runtime)
{
	const char *when = has_instance_with_sockets(runtime) ? " once its instance has ended" : "";
	bool any = false;

	if (runtime_state(runtime) == OFF || runtime_state(runtime) == CLOSING ||
	    (runtime->run && runtime->run->standby_sockets))
		return false;

	for (size_t n = 0; n < runtime->listener_count; n++) {
		struct listener *listener = &runtime->listeners[n];
		struct event event = { .name = "rebind", .service = runtime->service->name };

		if (!listener_is_open(listener) || !endpoint_is_path(listener->listen->endpoint) ||
		    bind_is_reachable(listener->fd, listener->listen))
			continue;
		log_event(runtime->engine->log, LEVEL_WARNING, &event, "%s is no longer its socket: opening it "
								       "again%s",
			  listener->listen->address->address, when);
		refuse_parked(listener, REFUSED_CLOSED);
		listener_close(listener, runtime->engine);
		any = true;
	}
	return any;
}

void runtime_reopen_unreachable(struct service_runtime *runtime)
{
	bool sleeps = runtime_state(runtime) == FROZEN &&
		runtime->service->groups->lifecycle->idle_action == IDLE_FREEZE &&
		      service_idles(runtime->service);

	if (!drop_unreachable(runtime))
		return;
	if (sleeps) {                   /* no instance serves, and no client could thaw the frozen one */
		runtime_event(runtime, ENABLE);
		runtime->run->stop_reason = STOP_MOVED;
		runtime_event(runtime, UNNEEDED);
	} else if (runtime_state(runtime) != BINDING) { /* in BINDING the next try opens it */
		runtime_event(runtime, BIND_ERROR);
	}
}

/* If probe_from has changed, all present clients may be health checks, and superd would not notice when they end. So
 * superd counts the clients anew. */
static void recount_clients(struct service_runtime *runtime, const struct service *service)
{
	if (!type_equal(&type_addresses, &runtime->service->groups->lifecycle->probe_from,
				  &service->groups->lifecycle->probe_from))
		idle_forget(runtime);
}

/* Whether the change needs a new instance: on_change = drain, and the running one cannot adopt the whole change. */
static bool needs_new_instance(const struct service_runtime *runtime, const struct service *service)
{
	return service->groups->lifecycle->on_change == ON_CHANGE_DRAIN && has_instance_with_sockets(runtime) &&
	       service_runs_differently(runtime->service, service);
}

void runtime_adopt(struct service_runtime *runtime, struct table *table, const struct service *service, bool changed)
{
	bool lost = drop_unreachable(runtime), replaces = changed && needs_new_instance(runtime, service), asked;

	standby_sockets_adopt(runtime, service);
	if (changed) {
		old_entry_note(runtime, service);
		shared_run_end_answering(runtime);
		recount_clients(runtime, service);
	}
	for (size_t n = 0; n < runtime->listener_count; n++) {
		struct listener *listener = &runtime->listeners[n];

		listener_adopt(listener, runtime->engine, service->name, &service->sockets[n], changed);
		if (!listener_is_open(listener))
			refuse_parked(listener, REFUSED_CLOSED);
	}
	asked = runtime_forget_conditions(runtime) && runtime_state(runtime) == BINDING;
	set_entry(runtime, table, service);
	if (changed && runtime_current(runtime))
		bind_calls_renew(runtime_current(runtime));
	if (changed)
		apply_limits(runtime);
	if (lost)
		runtime_event(runtime, BIND_ERROR);
	if (changed)
		socket_rest_forget(runtime);
	runtime_look_for_absent(runtime, true);
	if (asked && !changed)
		runtime_event(runtime, TIMER);  /* they are asked again */
	if (!changed || runtime_is_disabled(runtime)) {
		if (runtime->run)
			runtime_rewatch(runtime);       /* a socket that rests has the timer of absent ones */
		return;
	}
	if (replaces)
		drain_changed(runtime);
	backoff_reset(&runtime->backoff);
	runtime_event(runtime, ENABLE);
	if (service->exec->accept && runtime_state(runtime) == FULL &&
	    (!runtime_is_full(runtime) || service->groups->access->overload != OVERLOAD_QUEUE))
		runtime_event(runtime, ROOM);
}

/* Clients that wait at standby sockets of the old entry are served by the first instance of the new one, at the same
 * address. */
void runtime_replace(struct service_runtime *runtime, struct table *table, const struct service *service,
		     struct listener *listeners)
{
	bool closes = runtime_state(runtime) == CLOSING;
	size_t drained_count = runtime->listener_count;
	int *drained;

	old_entry_note(runtime, service);
	stop_replace(runtime);
	drained = standby_sockets_release(runtime);
	shared_run_end_answering(runtime);
	if (closes)
		runtime_event(runtime, REPLACED);
	shared_run_retire(runtime, closes || service_on_remove(service, runtime->service) == REMOVE_STOP);
	runtime_stop_timer(runtime);
	runtime_forget_conditions(runtime);
	start_look_forget(runtime);
	socket_rest_forget(runtime);
	runtime->listeners = listeners;
	runtime->listener_count = (unsigned)service->socket_count;
	for (size_t n = 0; !service->exec->accept && n < service->socket_count; n++)
		refuse_parked(&listeners[n], REFUSED_CLOSED);
	if (runtime_state(runtime) != OFF)
		runtime_event(runtime, REPLACED);
	set_entry(runtime, table, service);
	backoff_reset(&runtime->backoff);
	queue_notes_reset(runtime);
	if (drained)
		standby_sockets_take(runtime, drained, drained_count);
	free(drained);
	if (!runtime_is_disabled(runtime))
		runtime_event(runtime,
			      runtime_state(runtime) == OFF || runtime_is_complete(runtime) ? ENABLE : BIND_ERROR);
}

bool runtime_runs_on(const struct service_runtime *runtime)
{
	enum state state = runtime_state(runtime);
	const struct instance *instance = runtime_current(runtime);
	bool has_signal = !runtime_is_removed(runtime) && (!instance || instance->facts.stopped);
	bool runs = state == STARTING || state == RUNNING || state == FROZEN || (state == STOPPING && !has_signal);

	return runs && has_instance_with_sockets(runtime) && runtime_keeps_instances(runtime) &&
		!runtime->service->exec->builtin;
}

/* A service that was never started is freed at once. If its instance runs on, the instance keeps the sockets:
 * clients still reach it, and the entry may come back. shutdown(2) would keep new clients out, but it resets the
 * clients in the queue, and a daemon would spin at a socket that is always readable while accept(2) fails with
 * EINVAL. */
void runtime_remove(struct service_runtime *runtime)
{
	bool runs_on = runtime_runs_on(runtime);

	runtime_event(runtime, REMOVE);
	if (!runs_on)
		runtime_event(runtime, SHUTDOWN);
	else if (runtime_state(runtime) == FROZEN)
		runtime_event(runtime, ENABLE);
	if (runs_on)
		standby_sockets_free(runtime);
	runtime->since = clock_now();
	if (runtime->run)
		list_add(&runtime->engine->service_list->leaving, &runtime->run->leaving);
	runtime_post(runtime, LOOK);
}

void runtime_return(struct service_runtime *runtime)
{
	runtime->state = service_ordered(runtime->state, RETURN);
	locks_restore(runtime);
	runtime->since = clock_now();
	list_remove(&runtime->run->leaving);
}

const char *runtime_state_name(const struct service_runtime *runtime)
{
	bool is_closed = runtime_state(runtime) == LISTENING, waits = false;

	for (size_t n = 0; n < runtime->listener_count; n++) {
		is_closed &= !listener_is_open(&runtime->listeners[n]);
		waits |= listener_absence(&runtime->listeners[n]) == ABSENT_CONDITION;
	}
	if (runtime_is_removed(runtime))
		return "leaving";
	if (is_closed && waits)
		return "condition";
	return state_name(wants_is_waiting(runtime) ? QUEUED : runtime_state(runtime));
}

bool runtime_has_drained(struct service_runtime *runtime)
{
	LIST_EACH(link, runtime_instances(runtime)) {
		const struct instance *instance = container_of(link, struct instance, link);

		if (runtime->service->exec->accept || !instance->retired || stop_waits(instance) ||
		    instance->facts.stopped)
			return false;
	}
	return true;
}

void runtime_end_drain(struct service_runtime *runtime)
{
	if (!runtime_is_draining(runtime) || !runtime_has_drained(runtime))
		return;
	runtime_event(runtime, RELEASE);
}
