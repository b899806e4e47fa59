/* A new table for living keepers: unchanged services are not touched, changed ones adopt their row, sockets are
 * kept wherever their endpoint still is in the table, even under another service, and new ones are bound before
 * old ones are closed. */
#pragma once

#include <stddef.h>

#include "config/table/table.h"
#include "engine/core/roster.h"
#include "engine/service/keeper.h"

struct reload_counts {
	size_t unchanged, changed, added, removed;
	size_t told;                    /* of the last three */
};

/* Builds the roster of a first table, every keeper ENABLEd. false: out of memory. */
bool roster_build(struct roster *roster, struct engine *engine, struct table *table);

/* Turns the roster of the old table into that of the new; keepers of removed services leave it and go when their
 * instances do. One whose entry was left out for its errors goes on as it was, among those unchanged, unless another
 * service has its address now. false: out of memory before anything was changed. */
bool roster_reload(struct roster *roster, struct engine *engine, struct table *before, struct table *after,
		   struct reload_counts *counts);

void roster_free(struct roster *roster);        /* and the keepers */
