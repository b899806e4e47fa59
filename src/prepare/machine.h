/* This machine as unit files speak of it: its names and ids, superd's own user, and the folders that are root's or a
 * user's own. */
#pragma once

#include <stdbool.h>

#include "base/pool.h"
#include "config/table/machine.h"

/* Fills in what can be known; texts are kept in the pool. false: out of memory. */
bool machine_look(struct unit_machine *machine, struct pool *pool);

/* The part of it that are folders; for machine_look, which knows the user's home before. */
bool machine_look_for_folders(struct unit_machine *machine, struct pool *pool);

/* Where units are sought: by SYSTEMD_UNIT_PATH, else those of the user who is not root and then the system's. Kept and
 * NULL-terminated; NULL: out of memory. */
const char *const *machine_find_unit_path(const struct unit_machine *machine, struct pool *pool);
