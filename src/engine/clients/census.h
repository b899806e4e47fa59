/* Counts clients. All inquiries of one turn of the loop become one question to the kernel. If the machine has so many
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
struct inquiry {
	struct list link;               /* in census->asked, until its turn */
	struct inquiry **place;         /* the pointer to it in its share, while the question is under way; NULL: it is not */
	const struct keeper *keeper;    /* the keeper it is for; the tallies may point into its table */
	struct table *table;            /* held while it waits for its turn */
	struct tally *tallies;          /* of the asker; the answer fills them in */
	size_t count;
	unsigned char use;              /* enum guests_use */
	double due;                     /* loop time until which it may wait, so that counting costs little; 0: at once */
	struct guests guests;           /* empty while it is under way; freed when it is withdrawn */
	void (*counted)(struct inquiry *inquiry);
};

/* counted is called once for each census_ask, in the loop and never from within. */
void inquiry_init(struct inquiry *inquiry, const struct keeper *keeper, void (*counted)(struct inquiry *inquiry));

/* Counts before the loop waits again, or as long after that as it takes. An open inquiry is not asked twice. false:
 * out of memory. */
bool census_ask(struct engine *engine, struct inquiry *inquiry);

/* Counts before it returns, for a number that is only shown. false: that is not known to be quick. */
bool census_look(struct engine *engine, struct tally *tallies, size_t count);

static inline bool inquiry_is_open(const struct inquiry *inquiry)
{
	return inquiry->place || !list_empty(&inquiry->link);
}

/* Whether all its tallies are known, and all clients that had to be noted. */
bool inquiry_is_whole(const struct inquiry *inquiry);

/* Withdraws an inquiry: counted is not called any more. */
void census_withdraw(struct inquiry *inquiry);

/* Waits for the thread, if it runs; counted is not called. */
void census_free(struct engine *engine);
