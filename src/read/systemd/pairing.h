/* The units that sources name, and the pairs of sockets and services among them. For systemd.c alone.
 *
 * All of it lives until the reading ends. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "lib/pool.h"
#include "read/systemd/build.h"
#include "table/service/need.h"

/* A unit that a source names. */
struct requested_unit {
	const struct unit *unit;
	const char *folder;             /* where its other units are searched first */
	bool by_name;                   /* the source names the unit; false: it names the folder */
};

/* A service that the units of a pair name, as in Requires. */
struct unit_need {
	size_t pair;                    /* its number */
	const struct unit *by;          /* the unit that names it, or is named by it: the service or a socket */
	bool required;
	enum need_order order;
	struct origin at;               /* where it is named */
};

/* A service and the sockets that activate it. */
struct unit_pairing {
	const struct unit *service;     /* NULL: there is none (reported) */
	const struct unit **sockets;    /* owned */
	size_t count, capacity;
	const struct unit **fifos;      /* owned: sockets of other services that this one opens, too, by their paths */
	size_t fifo_count, fifo_capacity;
	struct unit_need *needs;        /* owned */
	size_t need_count, need_capacity;
	const char *folder;
	const char *name;
	bool accepts;
	bool by_name;                   /* a source names one of its units; false: folders do */
	bool is_pulled;                 /* no source has it: another unit needs it */
	bool is_needed;                 /* another pair needs its service */
	bool boots;                     /* a socket needs it: it starts with superd */
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

/* NULL as long as no unit was requested. */
static inline struct requested_units *units_asked(struct reading *reading)
{
	return *reading_state(reading, requested_units_free);
}

/* Adds a unit that should run. */
void units_request(struct reading *reading, const struct unit *unit, const char *folder, bool by_name);

/* Adds the pair of a service that another unit needs. */
void units_pull(struct reading *reading, const struct requested_unit *asked);

/* depend.c: finds what the units of a pair need, by its number. Reads such services along, and warns of what superd
 * does not do for other units. */
void units_find_needs(struct reading *reading, size_t pair);

/* depend.c: sets when the service starts, and what it requires and wants. What its sockets need is set with these. */
void unit_build_dependencies(struct unit_builder *builder);

/* Makes pairs of all requested units. Reports units that are missing. */
void units_pair(struct reading *reading);

/* Adds the sockets that services name in Sockets=, when all pairs are there. */
void units_pair_further(struct reading *reading);

