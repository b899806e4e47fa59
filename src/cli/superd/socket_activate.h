/* -l: the table of one service without a file. */
#pragma once

#include "base/diag.h"
#include "cli/superd/options.h"
#include "config/table/table.h"

/* The service is named after its program. NULL: out of memory. Without a program by that name the table is empty. */
struct table *socket_activate_table(const struct options *options, struct diags *diags);
