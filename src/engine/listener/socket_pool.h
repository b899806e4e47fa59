/* Sockets that change services while a new table is applied (engine/reload/reload): a service that no longer needs one
 * offers it, a service that lacks one takes it, and the rest is closed at the end. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "engine/limits/refusal.h"
#include "engine/listener/listener.h"

struct pooled_socket;
struct table;

struct socket_pool {
	struct pooled_socket **buckets; /* by endpoint */
	size_t size;                    /* a power of two */
	size_t count;
};

/* Whether an open listener suits this row. A socket that a backend may hold cannot be opened anew beside it, so it
 * suits as it is. */
bool listener_fits(const struct listener *have, const struct listen *want);

/* Moves the open socket of one listener to another, and sets the options that differ. */
void listener_move(struct listener *from, struct listener *to, struct engine *engine, const char *service);

/* expected: about how many there will be. false: out of memory; socket_pool_close is allowed all the same. */
bool socket_pool_init(struct socket_pool *offers, size_t expected);

/* Offers an open listener of this table to others, with its parked clients. Without memory it just closes it: then the
 * caller refuses them. */
void socket_pool_add(struct socket_pool *offers, struct engine *engine, struct listener *listener, struct table *table);

/* Refuses the parked clients of a listener (engine/accept/refuse). */
typedef void refuse_clients(struct listener *listener, enum refusal refusal);

/* Gives the listener the socket of its endpoint, if one is on offer, and closes what would be in the way of a new
 * one. */
void socket_pool_take(struct socket_pool *offers, struct listener *listener, struct engine *engine,
		      const char *service, refuse_clients *refuse);

/* Closes what is left, and frees the hash. */
void socket_pool_close(struct socket_pool *offers, struct engine *engine, refuse_clients *refuse);
