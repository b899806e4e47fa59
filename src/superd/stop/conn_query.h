/* Counts the connections of a service's sockets (sock_diag(7)). superd sends all queries of one turn of the loop to the
 * kernel as one question. If the machine has so many connections that the answer takes long, a thread waits for it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/list.h"
#include "os/netdiag/conn_count.h"
#include "superd/loop/engine.h"

/* What a query asks: which connections count, at which sockets, and what its cookies are for. */
enum question {
	ASK_CLIENTS,                    /* who is connected (superd/stop/service_clients) */
	ASK_OTHERS,                     /* the same, without those in cookies: they have another instance */
	ASK_WAKER,                      /* whom a service was started or thawed for (superd/stop/activator) */
	ASK_QUEUED_WAKER,               /* the same where others are connected already */
	ASK_PROBES,                     /* whether anybody waits who is no probe (superd/stop/start_look) */
	ASK_SILENT,                     /* the same, and notes who has sent nothing yet */
	ASK_BACKLOG,                    /* who waits; notes all */
	ASK_ALL,                        /* who is connected or in a handshake; notes all (superd/stop/stop) */
	ASK_LEFT,                       /* who of those in cookies still is in a handshake, or was accepted by a process */
};

/* Embedded in its user, or on the heap. */
struct conn_query {
	struct service_runtime *runtime; /* service; NULL: not initialised, or freed */
	void (*counted)(struct conn_query *query); /* the answer is there */
	enum question asks;             /* its user may change it between two counts */
	size_t count;                   /* number of sockets */
	struct conn_count *conns;       /* one element for each socket, with the last answer; owned */
	struct cookie_set cookies;      /* cookies of single clients; empty while a count is under way */
	unsigned failures;              /* counts in a row in which a number, or a client to be noted, stayed unknown */

	/* For conn_query.c alone. */
	struct list link;               /* in conn_queries.asked, until its turn */
	struct conn_query **place;      /* pointer to it in its slice, while the question is under way; NULL: it is not */
	struct table *table;            /* reference while it waits for its turn, because probes is part of the table */
	const struct access *probes;    /* probe_from, if its connections do not count */
};

/* Makes room for so many sockets. counted is called once for each conn_query_start, from the loop. false: out of
 * memory. */
bool conn_query_init(struct conn_query *query, struct service_runtime *runtime, size_t most, enum question asks,
		     void (*counted)(struct conn_query *query));
void conn_query_free(struct conn_query *query);         /* cancels; accepts a query that was freed, or is zeroed */

bool conn_query_add(struct conn_query *query, int fd);  /* adds a socket; false: the question is not about such */
void conn_query_add_listeners(struct conn_query *query);        /* all sockets of the runtime */

/* Starts a count before the loop waits again. If one is under way already, joins it. false: out of memory. */
bool conn_query_start(struct conn_query *query);

/* Counts before it returns, for a number that is only displayed. false: a count is not known to be quick. */
bool conn_query_now(struct conn_query *query);

/* Sets in conns the sockets and cookies of the query, for a count by other means. */
void conn_query_set_wanted(struct conn_query *query);

/* Cancels a count that is under way; counted is not called. Empties cookies and failures. */
void conn_query_cancel(struct conn_query *query);

static inline bool conn_query_is_open(const struct conn_query *query)
{
	return query->place || !list_empty(&query->link);
}

/* For ASK_LEFT: the connections that it follows. A count under way has the set and only reads it, so this counts at any time. */
const struct cookie_set *conn_query_followed(const struct conn_query *query);

/* Whether the answer has all numbers, and all clients that it had to note. */
bool conn_query_is_complete(const struct conn_query *query);

uint32_t conn_query_sum(const struct conn_query *query);        /* connections at all sockets whose number is known */

/* Writes the n-th address of a client that the answer has, from 0. false: there are no more. */
bool conn_query_peer(const struct conn_query *query, size_t n, char *text, size_t size);

/* Waits for the thread, if it runs; counted is not called. */
void conn_queries_end(struct engine *engine);
