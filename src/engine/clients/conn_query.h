/* Counts clients. All queries of one turn of the loop become one question to the kernel. If the machine has so many
 * connections that the answer takes long, a thread waits for it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/list.h"
#include "engine/core/engine.h"
#include "os/netdiag/connections.h"

/* The use of the list of single clients. */
enum guests_use {
	GUESTS_IGNORED,
	GUESTS_NOTED,                   /* all clients are in guests afterwards */
	GUESTS_SOUGHT,                  /* only clients in guests count */
	GUESTS_SPARED,                  /* clients in guests do not count */
};

/* Embedded in the struct that asks. */
struct conn_query {
	struct list link;               /* in census->asked, until its turn */
	struct conn_query **place;      /* the pointer to it in its share, while the question is under way; NULL: it is not */
	const struct keeper *keeper;    /* the keeper it is for; the tallies may point into its table */
	struct table *table;            /* held while it waits for its turn */
	struct tally *tallies;          /* of the asker; the answer fills them in */
	size_t count;
	unsigned char use;              /* enum guests_use */
	double due;                     /* loop time until which it may wait, so that counting costs little; 0: at once */
	struct guests guests;           /* empty while it is under way; freed when it is withdrawn */
	void (*counted)(struct conn_query *query);
};

/* counted is called once for each conn_query_start, in the loop and never from within. */
void conn_query_init(struct conn_query *query, const struct keeper *keeper, void (*counted)(struct conn_query *query));

/* Counts before the loop waits again, or as long after that as it takes. An open query is not asked twice. false:
 * out of memory. */
bool conn_query_start(struct conn_query *query);

/* Counts before it returns, for a number that is only shown. false: that is not known to be quick. */
bool conn_query_look(struct engine *engine, struct tally *tallies, size_t count);

static inline bool conn_query_is_open(const struct conn_query *query)
{
	return query->place || !list_empty(&query->link);
}

/* Whether all its tallies are known, and all clients that had to be noted. */
bool conn_query_is_whole(const struct conn_query *query);

/* Withdraws a query: counted is not called any more. */
void conn_query_cancel(struct conn_query *query);

/* Waits for the thread, if it runs; counted is not called. */
void conn_queries_end(struct engine *engine);
