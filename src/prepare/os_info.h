/* This machine as unit files speak of it: its names and ids, superd's own user, and the folders that are root's or a
 * user's own. */
#pragma once

#include <stdbool.h>

#include "base/pool.h"
#include "config/table/unit_machine.h"

/* Fills in what can be known; texts are kept in the pool. false: out of memory. */
bool os_info_read(struct unit_machine *machine, struct pool *pool);

/* Fills in the folders; called by os_info_read once the user's home is known. false: out of memory. */
bool os_info_read_dirs(struct unit_machine *machine, struct pool *pool);

/* The folders that are searched for units: those in SYSTEMD_UNIT_PATH, else a user's own, unless root, and the
 * system's. In the pool, NULL-terminated; NULL: out of memory. */
const char *const *os_info_unit_path(const struct unit_machine *machine, struct pool *pool);
