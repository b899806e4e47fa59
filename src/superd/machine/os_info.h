/* Facts about this machine for the specifiers of unit files (systemd.unit(5)): its names and ids, superd's own user,
 * and the folders of the system or of that user. */
#pragma once

#include <stdbool.h>

#include "lib/pool.h"
#include "table/services/lookup_cache.h"
#include "table/services/unit_machine.h"

/* Fills in the known values; texts are kept in the pool. lookups: answers to use, and to add to; NULL: none. false: out
 * of memory. */
bool os_info_read(struct unit_machine *machine, struct lookup_cache *lookups, struct pool *pool);

/* Fills in the folders; called by os_info_read once the user's home is known. false: out of memory. */
bool os_info_read_dirs(struct unit_machine *machine, struct pool *pool);

/* The folders to search for units: those in SYSTEMD_UNIT_PATH, else, unless superd is root, a user's own, and the
 * system's. In the pool, NULL-terminated; NULL: out of memory. */
const char *const *os_info_unit_path(const struct unit_machine *machine, struct pool *pool);
