/* The table of the one service that -l describes. */
#pragma once

#include "lib/diag.h"
#include "superd/main/options.h"
#include "table/services/table.h"

/* Makes the table; the service is named after its program. If the program is not found, the table is empty, and diags
 * has the error. NULL: out of memory. */
struct table *socket_activate_table(const struct options *options, struct diags *diags);
