/* Counts the connections of a service's sockets. superd puts all queries of one turn of the loop to the kernel as one
 * question. If the machine has so many connections that the answer takes long, a thread waits for it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "engine/core/engine.h"
#include "os/netdiag/conn_count.h"

/* The use of the list of single clients. */
enum cookie_use {
	COOKIES_IGNORED,
	COOKIES_NOTED,                  /* all clients are in guests afterwards */
	COOKIES_SOUGHT,                 /* only clients in guests count */
	COOKIES_SPARED,                 /* clients in guests do not count */
};

#define ANY_KIND (~0u)                  /* for conn_query_add */

/* Its user sets whom, use, no_probes and due after conn_query_init, and may change them between two counts. */
struct conn_query {
	struct service_runtime *runtime; /* the service that it is for; NULL: not initialised, or freed */
	void (*counted)(struct conn_query *query);
	unsigned char which;            /* enum conn_which: the connections that count */
	unsigned char use;              /* enum cookie_use */
	bool no_probes;                 /* connections of probe_from do not count */
	double due;                     /* loop time until which it may wait, so that counting costs little; 0: at once */
	size_t count;                   /* sockets */
	struct conn_count *conns;       /* a socket each, with the last answer */
	struct cookie_set cookies;      /* empty while a count is under way */
	unsigned failures;              /* counts in a row in which a number, or a client to be noted, stayed unknown */

	/* Of conn_query.c alone. */
	struct list link;               /* in those that are asked, until its turn */
	struct conn_query **place;      /* the pointer to it in its share, while the question is under way; NULL: it is not */
	struct table *table;            /* held while it waits for its turn, as probes is part of it */
	const struct access *probes;    /* probe_from, where no_probes is set */
	double since;                   /* runtime->since when it was started */
};

/* Makes room for so many sockets. counted is called once for each conn_query_start, in the loop and never from within
 * another call. false: out of memory. */
bool conn_query_init(struct conn_query *query, struct service_runtime *runtime, size_t most,
		     void (*counted)(struct conn_query *query));
void conn_query_free(struct conn_query *query);         /* cancels; harmless where it was freed, or is all zero */

/* The same on the heap, with room for all listeners of the runtime; NULL: out of memory. */
struct conn_query *conn_query_new(struct service_runtime *runtime, void (*counted)(struct conn_query *query));
void conn_query_drop(struct conn_query **query);        /* cancels, frees, and sets the pointer to NULL */

/* Adds a socket, if it is of these kinds (bits 1 << enum conn_kind). */
bool conn_query_add(struct conn_query *query, int fd, unsigned kinds);
void conn_query_add_listeners(struct conn_query *query, unsigned kinds);        /* all sockets of the runtime */

/* Counts before the loop waits again, or as long after that as it takes. A query that is open is not put twice. false:
 * out of memory. */
bool conn_query_start(struct conn_query *query);

/* Counts before it returns, for a number that is only shown. false: that is not known to be quick. */
bool conn_query_now(struct conn_query *query);

/* Ends a count that is under way: counted is not called any more. Forgets guests and failures. */
void conn_query_cancel(struct conn_query *query);

static inline bool conn_query_is_open(const struct conn_query *query)
{
	return query->place || !list_empty(&query->link);
}

/* Follows connections to their end. After conn_query_note, which cancels a count that is under way, the answer notes
 * all connections, with those in a handshake. After conn_query_seek the answers count those of them that are still in
 * a handshake, or that a process has accepted. */
void conn_query_note(struct conn_query *query);
void conn_query_seek(struct conn_query *query);

/* Whether all numbers are known, and all clients that had to be noted. */
bool conn_query_is_complete(const struct conn_query *query);

/* Whether the runtime's state has not changed since the start. An answer that is older than the state says nothing of
 * it. */
bool conn_query_is_current(const struct conn_query *query);

uint32_t conn_query_sum(const struct conn_query *query);        /* connections at all sockets whose number is known */

/* Waits for the thread, if it runs; counted is not called. */
void conn_queries_end(struct engine *engine);
