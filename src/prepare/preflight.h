/* Checks whether this machine has everything that a table needs: programs that exist and that the service's user may
 * execute, folders, interfaces, kinds of endpoints that the kernel knows, privileges for ports and users. Runs after
 * prepare/resolve. */
#pragma once

#include "base/diag.h"
#include "config/table/table.h"
#include "exec/plan/plan.h"

/* Adds an error for what will certainly fail, and a warning for what may appear later (an interface, a
 * working_directory on a mount). Changes nothing. Of the process defaults it uses only the folders. serves: superd
 * already serves, so that nothing is examined that may block, such as paths below a user's folder. */
void preflight_table(const struct table *table, const struct process_defaults *defaults, bool serves,
		     struct diags *diags);
