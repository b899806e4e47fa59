/* Units that were asked for, and which of them are one service. For units.c alone.
 *
 * All of it lives until the reading ends. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/pool.h"
#include "parse/systemd/unit_draft.h"

/* A unit that was asked for, and the folder its relatives are sought in first. */
struct asked {
	const struct unit *unit;
	const char *folder;
	bool by_name;                   /* not as one of a folder */
};

/* A service to be, and the sockets that lead to it. */
struct pair {
	const struct unit *service;     /* NULL: there is none (reported) */
	const struct unit **sockets;    /* owned */
	size_t count, capacity;
	const char *folder;
	const char *name;
	bool accepts;
	bool has_failed;                /* one of its units could not be read (reported) */
};

struct asked_units {
	struct pool *pool;
	struct asked *list;
	size_t count, capacity;
	struct pair *pairs;
	size_t pair_count, pair_capacity;
};

void asked_units_free(void *asked);

/* NULL before a unit is asked for. */
static inline struct asked_units *units_asked(struct reading *reading)
{
	return *reading_state(reading, asked_units_free);
}

/* Takes a unit that is to run. false: out of memory (reported). */
bool units_ask(struct reading *reading, const struct unit *unit, const char *folder, bool by_name);

/* Makes pairs of all that was asked for, saying what is missing. */
void units_pair(struct reading *reading);

