/* Checks whether this machine has everything that a table needs: programs that exist and that the service's user may
 * execute, folders, interfaces, kinds of endpoints that the kernel knows, privileges for ports and users. Runs after
 * superd/machine/resolve. */
#pragma once

#include "lib/diag.h"
#include "superd/start/plan.h"
#include "table/services/table.h"

/* What follows. In the last two superd already serves, so that nothing is examined that may block, such as paths below
 * a user's folder. Without a start that would try them, taken ports are a warning. */
enum preflight_for { PREFLIGHT_START, PREFLIGHT_CHECK, PREFLIGHT_RELOAD, PREFLIGHT_COMPARISON };

/* Adds an error for what will certainly fail, and a warning for what may appear later (an interface, a
 * working_directory on a mount). Changes nothing. Of the process defaults it uses only the folders. */
void preflight_table(const struct table *table, const struct process_defaults *defaults, enum preflight_for purpose,
		     struct diags *diags);
