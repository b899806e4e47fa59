/* Does this machine have what a table needs? Programs there and executable by the service's
 * user, folders there, interfaces there, endpoint kinds known to the kernel, privileges for
 * ports and users. After prepare/resolve. */
#pragma once

#include "base/diag.h"
#include "config/table/table.h"
#include "exec/plan/plan.h"

/* Adds an error for what will certainly fail, a warning for what may come in time (an interface,
 * a working_directory on a mount). Looks, touches nothing. Of the process defaults it takes the folders alone.
 * serves: superd runs already, so that nothing is looked at that may not answer, as what is below a folder of a
 * user. */
void preflight_table(const struct table *table, const struct process_defaults *defaults, bool serves,
		     struct diags *diags);
