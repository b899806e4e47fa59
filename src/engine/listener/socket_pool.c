/* A hash of open sockets that a reload may reuse. An offer that takes the same address in another form, as a
 * wildcard does, is not found by its hash; it is sought one by one, and closed before the new socket is bound. */
#include "engine/listener/socket_pool.h"

#include <stdlib.h>

#include "config/table/diff.h"
#include "config/table/table.h"

/* A listener on offer, in a chain by endpoint. */
struct pooled_socket {
	struct pooled_socket *next;
	struct listener listener;
	struct table *table;            /* table of its endpoint, held: its runtime may have another row by now */
};

#define CLASHES_SOUGHT 64               /* offers; with more, the retry of a bind that fails settles a clash */

static struct pooled_socket **offer_bucket(struct socket_pool *offers, const struct endpoint *endpoint)
{
	return &offers->buckets[endpoint_hash(endpoint) & (offers->size - 1)];
}

static size_t power_above(size_t count)
{
	size_t size = 64;

	while (size < 2 * count)
		size *= 2;
	return size;
}

bool socket_pool_init(struct socket_pool *offers, size_t expected)
{
	*offers = (struct socket_pool){ .size = power_above(expected) };
	offers->buckets = calloc(offers->size, sizeof(struct pooled_socket *));
	if (!offers->buckets)
		offers->size = 0;
	return offers->buckets;
}

static void drop(struct pooled_socket *offer)
{
	table_release(offer->table);
	free(offer);
}

static void close_offer(struct pooled_socket *offer, struct engine *engine, refuse_clients *refuse)
{
	refuse(&offer->listener, REFUSED_CLOSED);
	listener_close(&offer->listener, engine);
	drop(offer);
}

void socket_pool_add(struct socket_pool *offers, struct engine *engine, struct listener *listener, struct table *table)
{
	struct pooled_socket *offer;
	struct pooled_socket **bucket;

	offer = listener_has_socket(listener) ? malloc(sizeof(*offer)) : NULL;
	if (!offer) {
		listener_close(listener, engine);
		return;
	}
	listener_watch(listener, engine, NULL, false);
	offer->listener = *listener;
	offer->table = table;
	table->users++;
	ev_io_set(&listener->io, -1, EV_READ);
	listener->parked = NULL;
	listener->node = 0;
	bucket = offer_bucket(offers, listener->listen->endpoint);
	offer->next = *bucket;
	*bucket = offer;
	offers->count++;
}

bool listener_fits(const struct listener *have, const struct listen *want)
{
	return listener_is_open(have) && endpoint_equal(have->listen->address, want->address) &&
	       (have->shared || !socket_options_need_rebind(have->listen->options, want->options));
}

void listener_move(struct listener *from, struct listener *to, struct engine *engine, const char *service)
{
	const struct listen *want = to->listen;
	struct event event = { .name = "warning", .service = service };

	if (socket_options_need_rebind(from->listen->options, want->options))
		log_event(engine->log, LEVEL_WARNING, &event,
			  "ipv6_only and reuse_port of %s stay as they were: backends may hold the socket", want->name);
	listener_watch(from, engine, NULL, false);
	ev_io_set(&to->io, from->io.fd, EV_READ);
	ev_io_set(&from->io, -1, EV_READ);
	to->listen = from->listen;
	to->shared = from->shared;
	to->used = from->used;
	to->inherited = from->inherited;
	to->guarded = from->guarded;
	to->roused = from->roused;
	to->node = from->node;
	from->node = 0;
	to->parked = from->parked;
	from->parked = NULL;
	listener_adopt(to, engine, service, want, true);
}

/* An offer of another endpoint that takes the same address, as a wildcard does, has to go before the new one is
 * bound. Where many are on offer it is left to the retry that follows. */
static void close_clashing(struct socket_pool *offers, const struct listener *listener, struct engine *engine,
			   refuse_clients *refuse)
{
	if (listener_is_open(listener) || offers->count > CLASHES_SOUGHT)
		return;
	for (size_t n = 0; n < offers->size; n++) {
		for (struct pooled_socket **at = &offers->buckets[n]; *at;) {
			struct pooled_socket *offer = *at;

			if (!endpoint_clash(offer->listener.listen->endpoint, listener->listen->endpoint)) {
				at = &offer->next;
				continue;
			}
			*at = offer->next;
			close_offer(offer, engine, refuse);
			offers->count--;
		}
	}
}

/* An offer of the same endpoint that can't be had with the new options has to go first: one address is bound once. */
static void take_equal(struct socket_pool *offers, struct listener *listener, struct engine *engine,
		       const char *service, refuse_clients *refuse)
{
	struct pooled_socket **at;

	for (at = offer_bucket(offers, listener->listen->endpoint); *at; at = &(*at)->next) {
		struct pooled_socket *offer = *at;

		if (!endpoint_equal(offer->listener.listen->endpoint, listener->listen->endpoint))
			continue;
		if (listener_fits(&offer->listener, listener->listen))
			listener_move(&offer->listener, listener, engine, service);
		*at = offer->next;
		close_offer(offer, engine, refuse);
		offers->count--;
		return;
	}
}

void socket_pool_take(struct socket_pool *offers, struct listener *listener, struct engine *engine,
		      const char *service, refuse_clients *refuse)
{
	take_equal(offers, listener, engine, service, refuse);
	if (!listener_is_open(listener))
		refuse(listener, REFUSED_CLOSED);
	close_clashing(offers, listener, engine, refuse);
}

void socket_pool_close(struct socket_pool *offers, struct engine *engine, refuse_clients *refuse)
{
	for (size_t n = 0; n < offers->size; n++) {
		for (struct pooled_socket *offer = offers->buckets[n], *next; offer; offer = next) {
			next = offer->next;
			close_offer(offer, engine, refuse);
		}
	}
	free(offers->buckets);
	*offers = (struct socket_pool){ 0 };
}
