/* Units that were asked for, and which of them are one service. For systemd.c alone.
 *
 * All of it lives until the reading ends. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/pool.h"
#include "parse/systemd/build.h"

/* A unit that was asked for, and the folder its relatives are sought in first. */
struct requested_unit {
	const struct unit *unit;
	const char *folder;
	bool by_name;                   /* not as one of a folder */
};

/* A service to be, and the sockets that lead to it. */
struct unit_pairing {
	const struct unit *service;     /* NULL: there is none (reported) */
	const struct unit **sockets;    /* owned */
	size_t count, capacity;
	const char *folder;
	const char *name;
	bool accepts;
	bool has_failed;                /* one of its units could not be read (reported) */
};

struct requested_units {
	struct pool *pool;
	struct requested_unit *list;
	size_t count, capacity;
	struct unit_pairing *pairs;
	size_t pair_count, pair_capacity;
};

void requested_units_free(void *asked);

/* NULL before a unit is asked for. */
static inline struct requested_units *units_asked(struct reading *reading)
{
	return *reading_state(reading, requested_units_free);
}

/* Takes a unit that is to run. false: out of memory (reported). */
bool units_request(struct reading *reading, const struct unit *unit, const char *folder, bool by_name);

/* Makes pairs of all that was asked for, saying what is missing. */
void units_pair(struct reading *reading);

