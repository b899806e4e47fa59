/* Applying a new table. The hard thing is a socket that changes hands: what every keeper will not need any more is
 * first put on offer, then those who lack a socket take it from there, and only what nobody took is closed, after
 * all new ones are bound. */
#include "engine/reload.h"

#include <stdlib.h>
#include <string.h>

#include "engine/advice.h"
#include "model/diff.h"

/* A listener on offer, in a chain by endpoint. */
struct offer {
	struct offer *next;
	struct listener listener;
};

struct offers {
	struct offer **buckets;
	size_t size;                    /* a power of two; 0: no offers can be kept */
	size_t count;
};

#define CLASHES_SOUGHT 64

static struct offer **offer_bucket(struct offers *offers, const struct endpoint *endpoint)
{
	return &offers->buckets[endpoint_hash(endpoint) & (offers->size - 1)];
}

/* Moves an open listener to where others find it; without memory it just closes. */
static void offer_listener(struct offers *offers, struct engine *engine, struct listener *listener)
{
	struct offer *offer;
	struct offer **bucket;

	if (!listener_has_socket(listener)) {
		listener_close(listener, engine);       /* who is parked there goes */
		return;
	}
	offer = offers->size ? malloc(sizeof(*offer)) : NULL;
	if (!offer) {
		listener_close(listener, engine);
		return;
	}
	listener_watch(listener, engine, false);
	offer->listener = *listener;
	ev_io_set(&listener->io, -1, EV_READ);
	listener->parked = NULL;
	bucket = offer_bucket(offers, listener->listen->endpoint);
	offer->next = *bucket;
	*bucket = offer;
	offers->count++;
}

/* A socket that a backend may hold can't be made anew beside it: it goes on as it is. */
static bool fits(const struct listener *have, const struct listen *want)
{
	return listener_is_open(have) && endpoint_equal(have->listen->address, want->address) &&
	       (have->shared || !socket_options_need_rebind(have->listen->options, want->options));
}

/* The open socket of one listener goes over to another, with what it differs in set again. */
static void move_listener(struct listener *from, struct listener *to, struct engine *engine, const char *service)
{
	const struct listen *want = to->listen;
	struct event event = { .name = "warning", .service = service };

	if (socket_options_need_rebind(from->listen->options, want->options))
		log_event(engine->log, LEVEL_WARNING, &event,
			  "ipv6_only and reuse_port of %s stay as they were: backends may hold the socket", want->name);
	listener_watch(from, engine, false);
	ev_io_set(&to->io, from->io.fd, EV_READ);
	ev_io_set(&from->io, -1, EV_READ);
	to->listen = from->listen;
	to->shared = from->shared;
	to->parked = from->parked;
	from->parked = NULL;
	listener_adopt(to, engine, service, want);
}

/* An offer of another endpoint that takes the same address, as a wildcard does, has to go before the new one is
 * bound. Where many are on offer it is left to the retry that follows. */
static void close_clashing(struct offers *offers, const struct listener *listener, struct engine *engine)
{
	if (listener_is_open(listener) || offers->count > CLASHES_SOUGHT)
		return;
	for (size_t n = 0; n < offers->size; n++) {
		for (struct offer **at = &offers->buckets[n]; *at;) {
			struct offer *offer = *at;

			if (!endpoint_clash(offer->listener.listen->endpoint, listener->listen->endpoint)) {
				at = &offer->next;
				continue;
			}
			listener_close(&offer->listener, engine);
			*at = offer->next;
			free(offer);
			offers->count--;
		}
	}
}

/* An offer of the same endpoint that can't be had with the new options has to go first: one address is bound once. */
static void take_offer(struct offers *offers, struct listener *listener, struct engine *engine, const char *service)
{
	struct offer **at;

	if (!offers->size)
		return;
	for (at = offer_bucket(offers, listener->listen->endpoint); *at; at = &(*at)->next) {
		struct offer *offer = *at;

		if (!endpoint_equal(offer->listener.listen->endpoint, listener->listen->endpoint))
			continue;
		if (fits(&offer->listener, listener->listen))
			move_listener(&offer->listener, listener, engine, service);
		else
			listener_close(&offer->listener, engine);
		*at = offer->next;
		free(offer);
		offers->count--;
		return;
	}
}

static void close_offers(struct offers *offers, struct engine *engine)
{
	for (size_t n = 0; n < offers->size; n++) {
		for (struct offer *offer = offers->buckets[n], *next; offer; offer = next) {
			next = offer->next;
			listener_close(&offer->listener, engine);
			free(offer);
		}
	}
	free(offers->buckets);
}

/* The listeners of a new row, those of the keeper's own that fit moved into it, the rest of its own put on offer. */
static struct listener *sort_listeners(struct keeper *keeper, const struct service *service, struct offers *offers)
{
	struct listener *listeners = calloc(service->socket_count + 1, sizeof(*listeners));

	if (!listeners)
		return NULL;
	advice_cancel(keeper);          /* who is asked about goes along with its listener */
	for (size_t n = 0; n < service->socket_count; n++) {
		listener_init(&listeners[n], &service->sockets[n], keeper_on_ready, keeper);
		for (size_t old = 0; old < keeper->listener_count; old++) {
			if (!fits(&keeper->listeners[old], &service->sockets[n]))
				continue;
			move_listener(&keeper->listeners[old], &listeners[n], keeper->engine, service->name);
			break;
		}
	}
	for (size_t old = 0; old < keeper->listener_count; old++)
		offer_listener(offers, keeper->engine, &keeper->listeners[old]);
	return listeners;
}

/* What is to become of one row of the new table. */
struct plan_row {
	struct keeper *keeper;          /* of the same name before; NULL: new */
	enum fate fate;
	struct listener *listeners;     /* FATE_SOCKETS: sorted */
};

/* Takes the keeper of this name out of the roster. */
static struct keeper *take_before(struct roster *roster, const struct table *before, const char *name)
{
	const struct service *service = table_find(before, name);
	struct keeper *keeper;

	if (!service)
		return NULL;
	keeper = roster->keepers[service - before->services];
	roster->keepers[service - before->services] = NULL;
	return keeper;
}

/* Who accepts decides on the machine of states: such a change is as deep as one of sockets. */
static enum fate compare(const struct service *before, const struct service *after)
{
	enum fate fate = service_compare(before, after, NULL);

	return fate == FATE_CHANGED && before->what->accept != after->what->accept ? FATE_SOCKETS : fate;
}

/* First everything is looked at and what is free put on offer. */
static void survey(struct plan_row *rows, struct roster *roster, struct table *before, struct table *after,
		   struct offers *offers)
{
	for (size_t n = 0; n < after->count; n++) {
		const struct service *service = &after->services[n];

		if (service->what->disable)
			continue;
		rows[n].keeper = take_before(roster, before, service->name);
		rows[n].fate = rows[n].keeper ? compare(rows[n].keeper->service, service) : FATE_ADDED;
		if (rows[n].fate == FATE_SOCKETS)
			rows[n].listeners = sort_listeners(rows[n].keeper, service, offers);
	}
	for (size_t n = 0; n < before->count; n++) {
		struct keeper *removed = roster->keepers[n];

		if (removed)
			advice_cancel(removed);
		for (size_t old = 0; removed && old < removed->listener_count; old++)
			offer_listener(offers, removed->engine, &removed->listeners[old]);
	}
}

static void replace(struct keeper *keeper, struct table *after, const struct service *service, struct plan_row *row,
		    struct offers *offers)
{
	struct listener *old = keeper->listeners;

	if (!row->listeners)            /* no memory: it goes on as it is, until the next reload */
		return;
	for (size_t n = 0; n < service->socket_count; n++) {
		if (listener_is_open(&row->listeners[n]))
			continue;
		take_offer(offers, &row->listeners[n], keeper->engine, service->name);
		close_clashing(offers, &row->listeners[n], keeper->engine);
	}
	keeper_replace(keeper, after, service, row->listeners);
	free(old);
}

static struct keeper *add(struct engine *engine, struct table *after, const struct service *service,
			  struct offers *offers)
{
	struct keeper *keeper = keeper_new(engine, after, service);

	if (!keeper) {
		log_error(engine->log, "%s: cannot be added: out of memory", service->name);
		return NULL;
	}
	for (size_t n = 0; offers && n < keeper->listener_count; n++) {
		take_offer(offers, &keeper->listeners[n], engine, service->name);
		close_clashing(offers, &keeper->listeners[n], engine);
		if (!service->what->accept)
			listener_send_away(&keeper->listeners[n], engine);
	}
	keeper_event(keeper, ENABLE);
	return keeper;
}

static struct keeper *apply(struct engine *engine, struct table *after, size_t n, struct plan_row *row,
			    struct offers *offers, struct reload_counts *counts)
{
	const struct service *service = &after->services[n];

	if (service->what->disable)
		return NULL;
	switch (row->fate) {
	case FATE_SAME:
		counts->unchanged++;
		keeper_adopt(row->keeper, after, service, false);
		return row->keeper;
	case FATE_CHANGED:
		counts->changed++;
		keeper_adopt(row->keeper, after, service, true);
		return row->keeper;
	case FATE_SOCKETS:
		counts->changed++;
		replace(row->keeper, after, service, row, offers);
		return row->keeper;
	case FATE_ADDED:
	case FATE_REMOVED:
		break;
	}
	counts->added++;
	return add(engine, after, service, offers);
}

static size_t power_above(size_t count)
{
	size_t size = 64;

	while (size < 2 * count)
		size *= 2;
	return size;
}

bool roster_build(struct roster *roster, struct engine *engine, struct table *table)
{
	roster->keepers = calloc(table->count + 1, sizeof(struct keeper *));
	if (!roster->keepers)
		return false;
	roster->count = table->count;
	roster->changes++;
	for (size_t n = 0; n < table->count; n++) {
		if (!table->services[n].what->disable)
			roster->keepers[n] = add(engine, table, &table->services[n], NULL);
	}
	return true;
}

bool roster_reload(struct roster *roster, struct engine *engine, struct table *before, struct table *after,
		   struct reload_counts *counts)
{
	struct keeper **keepers = calloc(after->count + 1, sizeof(struct keeper *)), **old = roster->keepers;
	struct plan_row *rows = calloc(after->count + 1, sizeof(*rows));
	struct offers offers = { .size = power_above(before->count) };
	size_t old_count = roster->count;

	*counts = (struct reload_counts){ 0 };
	offers.buckets = calloc(offers.size, sizeof(struct offer *));
	if (!keepers || !rows || !offers.buckets) {
		free(keepers);
		free(rows);
		free(offers.buckets);
		return false;
	}
	survey(rows, roster, before, after, &offers);
	for (size_t n = 0; n < after->count; n++)
		keepers[n] = apply(engine, after, n, &rows[n], &offers, counts);
	roster->keepers = keepers;
	roster->count = after->count;
	roster->changes++;
	close_offers(&offers, engine);
	for (size_t n = 0; n < after->count; n++) {
		if (keepers[n] && keepers[n]->state == BINDING)
			keeper_event(keepers[n], TIMER);        /* what stood in the way may be gone now */
	}
	for (size_t n = 0; n < old_count; n++) {
		if (!old[n])
			continue;
		counts->removed++;
		keeper_remove(old[n]);
	}
	free(old);
	free(rows);
	return true;
}

void roster_free(struct roster *roster)
{
	for (size_t n = 0; n < roster->count; n++)
		keeper_free(roster->keepers[n]);
	free(roster->keepers);
	*roster = (struct roster){ 0 };
}
