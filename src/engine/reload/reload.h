/* Applies a new table to living keepers: unchanged services go on, changed ones adopt their row. A socket is kept if
 * its endpoint is still in the table, even under another service, and new sockets are bound before old ones are
 * closed. */
#pragma once

#include <stddef.h>

#include "config/table/table.h"
#include "engine/runtime/roster.h"
#include "engine/service/keeper.h"

struct reload_counts {
	size_t unchanged, changed, added, removed;
	size_t told;                    /* changed, added and removed services reported so far */
};

/* Builds the roster of a first table, every keeper ENABLEd. false: out of memory. */
bool roster_build(struct roster *roster, struct engine *engine, struct table *table);

/* Turns the roster of the old table into that of the new one. Keepers of removed services leave it and are freed when
 * their instances have ended. A service whose entry was left out for its errors goes on as it was, and counts as
 * unchanged, unless another service has its address now. false: out of memory before anything was changed. */
bool roster_reload(struct roster *roster, struct engine *engine, struct table *before, struct table *after,
		   struct reload_counts *counts);

void roster_free(struct roster *roster);        /* frees the keepers, too */
