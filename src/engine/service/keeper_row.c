/* A keeper and its row: makes it for one, frees it, and applies a changed row to a living service. Instances, sockets
 * and counters of a service that stays must go on as if nothing had happened. */
#include "engine/service/keeper.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/fd.h"
#include "config/table/diff.h"
#include "config/type/type.h"
#include "engine/core/closing.h"
#include "engine/drain/drain.h"
#include "engine/drain/twins.h"
#include "engine/idle/idle.h"
#include "engine/service/keeper_bind.h"
#include "engine/service/old_row.h"
#include "engine/service/opening.h"
#include "engine/service/refresh.h"
#include "engine/service/run.h"
#include "engine/service/service_drain.h"
#include "engine/service/ward.h"
#include "os/socket/bind.h"

struct keeper *keeper_new(struct engine *engine, struct table *table, const struct service *service)
{
	struct keeper *keeper = calloc(1, sizeof(*keeper));

	if (!keeper)
		return NULL;
	if (service->socket_count) {
		keeper->listeners = calloc(service->socket_count, sizeof(*keeper->listeners));
		if (!keeper->listeners) {
			free(keeper);
			return NULL;
		}
	}
	keeper->engine = engine;
	keeper->table = table;
	table->users++;
	keeper->service = service;
	keeper->listener_count = (unsigned)service->socket_count;
	for (size_t n = 0; n < keeper->listener_count; n++)
		listener_init(&keeper->listeners[n], engine, &service->sockets[n], keeper_on_ready, keeper);
	keeper->since = clock_now();
	return keeper;
}

void keeper_free(struct keeper *keeper)
{
	if (!keeper)
		return;
	if (keeper->activity && keeper->activity->opening)
		opening_free(keeper);
	if (keeper->activity && keeper->activity->refresh)
		refresh_free(keeper);
	if (keeper->engine->first == keeper)
		keeper->engine->first = NULL;
	keeper_stop_timer(keeper);
	if (keeper->activity)
		ev_timer_stop(keeper->engine->loop, &keeper->activity->taking);
	if (keeper->activity && keeper->activity->idle)
		idle_forget(keeper);
	ward_forget(keeper);
	keeper_close_listeners(keeper);
	if (keeper->activity)
		means_free(&keeper->activity->means, keeper->engine);
	run_abandon(keeper);
	if (keeper->activity)
		store_free(keeper->activity->means.store);
	if (keeper->activity)
		list_remove(&keeper->activity->leaving);
	if (keeper->activity)
		list_remove(&keeper->activity->lacking);
	if (keeper->activity && !keeper->service->exec->accept)
		group_forget(keeper->engine, keeper->service);
	table_release(keeper->table);
	if (keeper->activity)
		queue_ids_free(&keeper->activity->backlog);
	if (keeper->activity)
		failures_free(&keeper->activity->failed);
	events_forget(keeper->engine, &keeper->posted);
	free(keeper->activity);
	free(keeper->listeners);
	free(keeper);
}

/* Instances run on under the present row: its limits for stopping hold for them, too. */
static void take_row(struct keeper *keeper, struct table *table, const struct service *service)
{
	table->users++;
	table_release(keeper->table);
	keeper->table = table;
	keeper->service = service;
	LIST_EACH(link, keeper_instances(keeper))
		container_of(link, struct instance, link)->service = service;
	if (!keeper->activity)
		return;
	means_drop(&keeper->activity->means);
	means_drop_notify(&keeper->activity->means);
	keeper->activity->banners_said = 0;
	if (keeper->activity->means.log)
		output_name(keeper->activity->means.log, service);
	if (keeper->activity->means.syslog)
		output_name(keeper->activity->means.syslog, service);
}

static void change_limits(struct keeper *keeper)
{
	LIST_EACH(link, keeper_instances(keeper)) {
		struct instance *instance = container_of(link, struct instance, link);

		if (keeper->service->groups->restart->kill_rest)
			instance_see_end(instance);
		group_adopt(&instance->cgroup, keeper->engine, keeper->service, instance->pid);
	}
}

static bool has_instance_with_sockets(const struct keeper *keeper)
{
	return !keeper->service->exec->accept && keeper->activity && keeper->activity->current;
}

/* Closes sockets whose node was removed or replaced: no client can reach them any more. true: there was one. */
static bool drop_unreachable(struct keeper *keeper)
{
	const char *when = has_instance_with_sockets(keeper) ? " once its instance has ended" : "";
	bool any = false;

	if (keeper->state == OFF || keeper->state == CLOSING || (keeper->activity && keeper->activity->twins))
		return false;

	for (size_t n = 0; n < keeper->listener_count; n++) {
		struct listener *listener = &keeper->listeners[n];
		struct event event = { .name = "rebind", .service = keeper->service->name };

		if (!listener_is_open(listener) || !endpoint_is_path(listener->listen->endpoint) ||
		    bind_is_reachable(listener->io.fd, listener->listen))
			continue;
		log_event(keeper->engine->log, LEVEL_WARNING, &event, "%s is no longer its socket: opening it anew%s",
			  listener->listen->address->address, when);
		listener_close(listener, keeper->engine);
		any = true;
	}
	return any;
}

void keeper_reopen_unreachable(struct keeper *keeper)
{
	bool sleeps = keeper->state == FROZEN && keeper->service->groups->lifecycle->idle_action == IDLE_FREEZE &&
		      service_idles(keeper->service);

	if (!drop_unreachable(keeper))
		return;
	if (sleeps) {                   /* nobody has it, and nobody could wake it any more */
		keeper_event(keeper, ENABLE);
		keeper_event(keeper, IDLE);
	} else if (keeper->state != BINDING) {  /* there its retry opens it */
		keeper_event(keeper, BIND_ERROR);
	}
}

/* All present clients may be probes by the new probe_from, whose end superd would not notice: counts anew. */
static void forget_clients(struct keeper *keeper, const struct service *service)
{
	if (!type_addresses.equal(&keeper->service->groups->lifecycle->probe_from,
				  &service->groups->lifecycle->probe_from))
		idle_forget(keeper);
}

/* on_change = drain, and the running instance cannot take over the whole change. */
static bool wants_another(const struct keeper *keeper, const struct service *service)
{
	return service->groups->lifecycle->on_change == ON_CHANGE_DRAIN && has_instance_with_sockets(keeper) &&
	       service_runs_differently(keeper->service, service);
}

void keeper_adopt(struct keeper *keeper, struct table *table, const struct service *service, bool changed)
{
	bool lost = drop_unreachable(keeper), replaces = changed && wants_another(keeper, service);

	twins_adopt(keeper, service);
	if (changed) {
		old_row_note(keeper, service);
		run_end_answering(keeper);
		forget_clients(keeper, service);
	}
	for (size_t n = 0; n < keeper->listener_count; n++)
		listener_adopt(&keeper->listeners[n], keeper->engine, service->name, &service->sockets[n],
			       changed);
	take_row(keeper, table, service);
	if (changed)
		change_limits(keeper);
	if (lost)
		keeper_event(keeper, BIND_ERROR);
	if (!changed || keeper->disabled)
		return;
	if (replaces)
		drain_changed(keeper);
	backoff_reset(&keeper->backoff);
	keeper_event(keeper, ENABLE);
	if (service->exec->accept && keeper->state == FULL &&
	    (!keeper_is_full(keeper) || service->groups->access->overload != OVERLOAD_QUEUE))
		keeper_event(keeper, ROOM);
}

/* Clients that wait at twins of the former row come to the first instance of the new one, at the same address. */
static void take_left(struct keeper *keeper, struct parted *left, size_t count)
{
	if (left)
		twins_take(keeper, left, count);
	for (size_t n = 0; left && n < count; n++) {
		if (left[n].fd >= 0)
			closing_close(keeper->engine, keeper->service->name, &left[n].fd);
	}
	free(left);
}

void keeper_replace(struct keeper *keeper, struct table *table, const struct service *service,
		    struct listener *listeners)
{
	bool closes = keeper->state == CLOSING;
	size_t left_count;
	struct parted *left;

	old_row_note(keeper, service);
	drain_replaced(keeper);
	left = twins_uproot(keeper, &left_count);
	run_end_answering(keeper);
	if (closes)
		keeper_event(keeper, REPLACED);
	run_retire(keeper, closes || service_on_remove(service, keeper->service) == REMOVE_STOP);
	keeper_stop_timer(keeper);
	ward_forget(keeper);
	keeper->listeners = listeners;
	keeper->listener_count = (unsigned)service->socket_count;
	for (size_t n = 0; !service->exec->accept && n < service->socket_count; n++)
		listener_send_away(&listeners[n], keeper->engine, REFUSED_CLOSED);
	if (keeper->state != OFF)
		keeper_event(keeper, REPLACED);
	take_row(keeper, table, service);
	backoff_reset(&keeper->backoff);
	if (keeper->activity)
		keeper->activity->left = keeper->activity->fruitless = 0;
	take_left(keeper, left, left_count);
	if (!keeper->disabled)
		keeper_event(keeper, keeper->state == OFF || keeper_is_complete(keeper) ? ENABLE : BIND_ERROR);
}

bool keeper_runs_on(const struct keeper *keeper)
{
	bool runs = keeper->state == STARTING || keeper->state == RUNNING || keeper->state == FROZEN ||
		    (keeper->removed && keeper->state == STOPPING);

	return runs && has_instance_with_sockets(keeper) && keeper_lets_go(keeper) && !keeper->service->exec->builtin;
}

/* A service that was never started has nothing to wait for, and is gone at once. If its instance runs on, it has the
 * sockets as long: clients still come to it, and the row may come back. shutdown(2) would keep new clients out, but it
 * resets those in the queue, and a daemon spins at a socket that is always ready and whose accept(2) gives EINVAL. */
void keeper_remove(struct keeper *keeper)
{
	bool runs_on = keeper_runs_on(keeper);

	keeper->removed = true;
	if (!runs_on)
		keeper_event(keeper, DISABLE);
	else if (keeper->state == FROZEN)
		keeper_event(keeper, ENABLE);
	if (runs_on) {
		keeper->activity->outdated = false;
		twins_free(keeper);
	}
	keeper->since = clock_now();
	if (keeper->activity)
		list_add(&keeper->engine->leaving, &keeper->activity->leaving);
	keeper_post(keeper, LOOK);
}

void keeper_return(struct keeper *keeper)
{
	keeper->removed = false;
	keeper->since = clock_now();
	list_remove(&keeper->activity->leaving);
}

const char *keeper_state_name(const struct keeper *keeper)
{
	return keeper->removed ? "leaving" : state_name((enum state)keeper->state);
}

bool keeper_has_drained(struct keeper *keeper)
{
	LIST_EACH(link, keeper_instances(keeper)) {
		const struct instance *instance = container_of(link, struct instance, link);

		if (keeper->service->exec->accept || !instance->retired || drain_waits(instance) ||
		    instance->stopping)
			return false;
	}
	return true;
}

void keeper_end_drain(struct keeper *keeper)
{
	if (!keeper->drains || !keeper_has_drained(keeper))
		return;
	keeper->drains = false;
	keeper_hold(keeper, false);
}
