/* A hash table of open sockets that a reload may reuse. The hash does not find a socket that takes the same address
 * in another form, as a wildcard does: superd compares those one by one, and closes them before it binds the new
 * socket. */
#include "superd/socket/socket_pool.h"

#include <stdlib.h>

#include "os/bpf/socket_filter.h"
#include "table/services/diff.h"
#include "table/services/table.h"

/* An open socket without a service, in a chain by endpoint. */
struct pooled_socket {
	struct pooled_socket *next;
	struct listener listener;
	struct table *table;            /* table of the endpoint, referenced: the service may have another by now */
};

#define CLASHES_SOUGHT 64               /* entries compared one by one; beyond, a retry of bind(2) settles it */

static struct pooled_socket **pool_bucket(struct socket_pool *pool, const struct endpoint *endpoint)
{
	return &pool->buckets[endpoint_hash(endpoint) & (pool->size - 1)];
}

static size_t power_above(size_t count)
{
	size_t size = 64;

	while (size < 2 * count)
		size *= 2;
	return size;
}

bool socket_pool_init(struct socket_pool *pool, size_t expected)
{
	*pool = (struct socket_pool){ .size = power_above(expected) };
	pool->buckets = calloc(pool->size, sizeof(struct pooled_socket *));
	if (!pool->buckets)
		pool->size = 0;
	return pool->buckets;
}

static void free_entry(struct pooled_socket *entry)
{
	table_release(entry->table);
	free(entry);
}

static void close_entry(struct pooled_socket *entry, struct engine *engine, refuse_clients *refuse)
{
	refuse(&entry->listener, REFUSED_CLOSED);
	listener_close(&entry->listener, engine);
	free_entry(entry);
}

void socket_pool_add(struct socket_pool *pool, struct engine *engine, struct listener *listener, struct table *table)
{
	struct pooled_socket *entry;
	struct pooled_socket **bucket;

	entry = listener_has_socket(listener) ? malloc(sizeof(*entry)) : NULL;
	if (!entry) {
		listener_close(listener, engine);
		return;
	}
	listener_watch(listener, engine, false);
	listener_recall(listener, engine);
	entry->listener = *listener;
	entry->table = table;
	table->users++;
	listener->fd = -1;
	listener->parked = NULL;
	listener->node = 0;
	listener->changes = 0;
	bucket = pool_bucket(pool, listener->listen->endpoint);
	entry->next = *bucket;
	*bucket = entry;
	pool->count++;
}

bool listener_is_locked(const struct listener *have, const struct listen *want)
{
	return listener_has_socket(have) && !socket_filter_equal(listen_filter(have->listen), listen_filter(want)) &&
	       socket_filter_is_locked(have->fd);
}

bool listener_fits(const struct listener *have, const struct listen *want)
{
	return listener_is_open(have) && endpoint_equal(have->listen->address, want->address) &&
	       (listener_was_lent(have) || !socket_options_need_rebind(have->listen->options, want->options)) &&
	       !listener_is_locked(have, want);
}

void listener_move(struct listener *from, struct listener *to, struct engine *engine, const char *service)
{
	const struct listen *want = to->listen;
	struct event event = { .name = "warning", .service = service };

	if (socket_options_need_rebind(from->listen->options, want->options))
		log_event(engine->log, LEVEL_WARNING, &event,
			  "ipv6_only and reuse_port of %s stay as they were: programs may hold the socket", want->name);
	listener_watch(from, engine, false);
	listener_recall(from, engine);
	to->fd = from->fd;
	from->fd = -1;
	to->listen = from->listen;
	to->hands = from->hands;
	to->inherited = from->inherited;
	to->has_lent_filter = from->has_lent_filter;
	to->is_old = from->is_old;
	to->changes = from->changes;
	from->changes = 0;
	to->node = from->node;
	from->node = 0;
	to->parked = from->parked;
	from->parked = NULL;
	listener_adopt(to, engine, service, want, true);
}

/* Closes sockets of other endpoints that take the same address, as a wildcard does, before the new one is bound. If
 * the pool is large, the retry that follows a failed bind(2) has to do. */
static void close_clashing(struct socket_pool *pool, const struct listener *listener, struct engine *engine,
			   refuse_clients *refuse)
{
	if (listener_is_open(listener) || pool->count > CLASHES_SOUGHT)
		return;
	for (size_t n = 0; n < pool->size; n++) {
		for (struct pooled_socket **at = &pool->buckets[n]; *at;) {
			struct pooled_socket *entry = *at;

			if (!endpoint_clash(entry->listener.listen->endpoint, listener->listen->endpoint)) {
				at = &entry->next;
				continue;
			}
			*at = entry->next;
			close_entry(entry, engine, refuse);
			pool->count--;
		}
	}
}

/* Moves the socket of the same endpoint to the listener. If it cannot have the new options, closes it, as an address
 * can be bound only once. */
static void take_equal(struct socket_pool *pool, struct listener *listener, struct engine *engine,
		       const char *service, refuse_clients *refuse)
{
	struct pooled_socket **at;

	for (at = pool_bucket(pool, listener->listen->endpoint); *at; at = &(*at)->next) {
		struct pooled_socket *entry = *at;

		if (!endpoint_equal(entry->listener.listen->endpoint, listener->listen->endpoint))
			continue;
		if (listener_fits(&entry->listener, listener->listen))
			listener_move(&entry->listener, listener, engine, service);
		*at = entry->next;
		close_entry(entry, engine, refuse);
		pool->count--;
		return;
	}
}

void socket_pool_take(struct socket_pool *pool, struct listener *listener, struct engine *engine,
		      const char *service, refuse_clients *refuse)
{
	take_equal(pool, listener, engine, service, refuse);
	if (!listener_is_open(listener))
		refuse(listener, REFUSED_CLOSED);
	close_clashing(pool, listener, engine, refuse);
}

void socket_pool_close(struct socket_pool *pool, struct engine *engine, refuse_clients *refuse)
{
	for (size_t n = 0; n < pool->size; n++) {
		for (struct pooled_socket *entry = pool->buckets[n], *next; entry; entry = next) {
			next = entry->next;
			close_entry(entry, engine, refuse);
		}
	}
	free(pool->buckets);
	*pool = (struct socket_pool){ 0 };
}
