/* A keeper and its row: what becomes of a living service when the table changes. The hard thing is what must not be
 * noticed: instances, sockets and counters of a service that stays go on as if nothing had happened. */
#include "engine/keeper.h"

#include <string.h>

#include "sys/bind.h"

/* Instances run on under the row that counts now: their limits of stopping are the new ones. */
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
	keeper->activity->banners_said = 0;
	if (keeper->activity->means.log)
		keeper->activity->means.log->service = service->name;
	if (keeper->activity->means.syslog)
		keeper->activity->means.syslog->service = service->name;
}

/* Somebody removed or replaced the node of a unix socket: nobody can come by it any more. true: there was one. */
static bool drop_unreachable(struct keeper *keeper)
{
	bool any = false;

	for (size_t n = 0; n < keeper->listener_count; n++) {
		struct listener *listener = &keeper->listeners[n];
		struct event event = { .name = "rebind", .service = keeper->service->name };

		if (!listener_is_open(listener) || !endpoint_is_path(listener->listen->endpoint) ||
		    bind_is_reachable(listener->io.fd, listener->listen))
			continue;
		log_event(keeper->engine->log, LEVEL_WARNING, &event, "%s is no longer its socket: opening it anew",
			  listener->listen->endpoint->address);
		listener_close(listener, keeper->engine);
		any = true;
	}
	return any;
}

static bool has_datagrams_alone(const struct service *service)
{
	for (size_t n = 0; n < service->socket_count; n++) {
		if (!endpoint_is_datagram(service->sockets[n].endpoint))
			return false;
	}
	return service->socket_count > 0;
}

void keeper_end_answering(struct keeper *keeper)
{
	const struct service *service = keeper->service;
	bool hands_over = !service->what->accept && has_datagrams_alone(service);

	if (!service->what->builtin)
		return;
	LIST_EACH(link, keeper_instances(keeper)) {
		struct instance *instance = container_of(link, struct instance, link);

		if (instance->busy || hands_over)
			instance_stop(instance);
	}
}

void keeper_adopt(struct keeper *keeper, struct table *table, const struct service *service, bool changed)
{
	bool lost = drop_unreachable(keeper);

	if (changed)
		keeper_end_answering(keeper);
	for (size_t n = 0; n < keeper->listener_count; n++)
		listener_adopt(&keeper->listeners[n], keeper->engine, service->name, &service->sockets[n]);
	take_row(keeper, table, service);
	if (lost)
		keeper_event(keeper, BIND_ERROR);
	if (!changed)
		return;
	backoff_reset(&keeper->backoff);
	keeper_event(keeper, ENABLE);
	if (service->what->accept && keeper->state == FULL && !keeper_is_full(keeper))
		keeper_event(keeper, ROOM);
}

void keeper_replace(struct keeper *keeper, struct table *table, const struct service *service,
		    struct listener *listeners)
{
	keeper_end_answering(keeper);
	keeper->engine->actions->retire(keeper, service->life->on_remove == REMOVE_STOP);
	keeper_stop_timer(keeper);
	keeper->listeners = listeners;
	keeper->listener_count = (unsigned)service->socket_count;
	for (size_t n = 0; !service->what->accept && n < service->socket_count; n++)
		listener_send_away(&listeners[n], keeper->engine);
	if (keeper->state != OFF)
		keeper_event(keeper, REPLACED);
	take_row(keeper, table, service);
	backoff_reset(&keeper->backoff);
	if (keeper->activity)
		keeper->activity->left = keeper->activity->fruitless = 0;
	keeper_event(keeper, keeper->state == OFF || keeper_is_complete(keeper) ? ENABLE : BIND_ERROR);
}

void keeper_remove(struct keeper *keeper)
{
	keeper->removed = true;
	keeper_event(keeper, DISABLE);
	keeper_check_over(keeper);
}

void keeper_hold(struct keeper *keeper, bool held)
{
	keeper->held = held;
	keeper_event(keeper, held ? HOLD : RELEASE);
}
