/* Sockets on their way from one service to another while a new table is applied (engine/reload/reload): who needs one no more
 * offers it, who lacks one takes it, and what nobody took is closed at the end. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "engine/listener/listener.h"

struct offer;
struct table;

struct offers {
	struct offer **buckets;         /* by endpoint */
	size_t size;                    /* a power of two */
	size_t count;
};

/* Whether an open listener will do for this row. A socket that a backend may hold can't be made anew beside it: it goes
 * on as it is. */
bool listener_fits(const struct listener *have, const struct listen *want);

/* The open socket of one listener goes over to another, with what it differs in set again. */
void listener_move(struct listener *from, struct listener *to, struct engine *engine, const char *service);

/* For so many of them as are expected; more will do. false: out of memory; then it may be closed all the same. */
bool offers_init(struct offers *offers, size_t expected);

/* Moves an open listener of this table to where others find it; without memory it just closes. */
void offers_add(struct offers *offers, struct engine *engine, struct listener *listener, struct table *table);

/* Gives the listener the socket of its endpoint, if one is on offer, and closes what would be in the way of a new one. */
void offers_take(struct offers *offers, struct listener *listener, struct engine *engine, const char *service);

void offers_close(struct offers *offers, struct engine *engine);        /* what is left, and the whole */
