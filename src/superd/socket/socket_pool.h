/* Sockets that change services while superd applies a new table (superd/reload/reload). A service puts the sockets
 * that it no longer needs into the pool, and a service that lacks one takes it. The rest is closed at the end. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "superd/limits/refusal.h"
#include "superd/socket/listener.h"

struct pooled_socket;
struct table;

struct socket_pool {
	struct pooled_socket **buckets; /* chains, by a hash of the endpoint; the pool owns the entries */
	size_t size;                    /* number of buckets, a power of two; 0: out of memory */
	size_t count;                   /* entries in all buckets */
};

/* Whether the listener's filter is locked, as a program of pass = bind has had it, and these settings have another
 * one. */
bool listener_is_locked(const struct listener *have, const struct listen *want);

/* Whether an open listener suits these settings. A socket that a backend may have cannot be bound again, so it suits
 * even with other options, unless it is locked. */
bool listener_fits(const struct listener *have, const struct listen *want);

/* Moves the open socket of one listener to another, and sets the options that differ. */
void listener_move(struct listener *from, struct listener *to, struct engine *engine, const char *service);

/* expected: the number of sockets to come, about. false: out of memory; socket_pool_close is allowed all the same. */
bool socket_pool_init(struct socket_pool *pool, size_t expected);

/* Puts the socket of a listener of this table into the pool, with its parked clients. If memory is short, closes it
 * instead; then the caller refuses the clients. */
void socket_pool_add(struct socket_pool *pool, struct engine *engine, struct listener *listener, struct table *table);

/* Refuses the parked clients of a listener (superd/service/refuse). */
typedef void refuse_clients(struct listener *listener, enum refusal refusal);

/* Gives the listener the socket of its endpoint, if the pool has one. Else closes sockets in the pool that would keep
 * a new one from being bound. */
void socket_pool_take(struct socket_pool *pool, struct listener *listener, struct engine *engine,
		      const char *service, refuse_clients *refuse);

/* Closes the sockets that are left, and frees the pool. */
void socket_pool_close(struct socket_pool *pool, struct engine *engine, refuse_clients *refuse);
