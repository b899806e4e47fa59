/* Counting clients for all who ask, together: what is asked within one turn of the loop is one question to the kernel.
 * Where the machine has so many connections that its answer takes long, a thread hears it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/list.h"
#include "engine/core/engine.h"
#include "os/netdiag/connections.h"

/* What is done with the clients one by one. */
enum guests_use {
	GUESTS_IGNORED,
	GUESTS_NOTED,                   /* they are in guests afterwards, and nobody else */
	GUESTS_SOUGHT,                  /* only those in guests count */
	GUESTS_SPARED,                  /* those in guests don't */
};

/* Embedded in whoever asks. */
struct inquiry {
	struct list link;               /* until it is the turn of it */
	struct inquiry **place;         /* while it is under way; NULL: it is not */
	const struct keeper *keeper;    /* for whom; the tallies may point into its table */
	struct table *table;            /* held while it waits for its turn */
	struct tally *tallies;          /* the asker's; their counts are filled in */
	size_t count;
	unsigned char use;              /* enum guests_use */
	double due;                     /* it may wait until then, loop time, as counting is to cost little of it; 0: at once */
	struct guests guests;           /* empty while it is under way; freed when it is withdrawn */
	void (*counted)(struct inquiry *inquiry);
};

/* counted is called once for each census_ask, in the loop and never from within. */
void inquiry_init(struct inquiry *inquiry, const struct keeper *keeper, void (*counted)(struct inquiry *inquiry));

/* Counts before the loop waits again, or as long afterwards as it takes; one that was asked for already is not asked for
 * twice. false: out of memory. */
bool census_ask(struct engine *engine, struct inquiry *inquiry);

/* Counts before it returns, where that is known to be quick; for who only shows the number. false: it is not. */
bool census_look(struct engine *engine, struct tally *tallies, size_t count);

static inline bool inquiry_is_open(const struct inquiry *inquiry)
{
	return inquiry->place || !list_empty(&inquiry->link);
}

/* Whether all its tallies are known, and so are the clients that were to be noted. */
bool inquiry_is_whole(const struct inquiry *inquiry);

/* Nobody waits for the answer any more. */
void census_withdraw(struct inquiry *inquiry);

/* Waits for a thread that is under way; nobody is told of anything. */
void census_free(struct engine *engine);
