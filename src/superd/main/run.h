/* Runs superd. */
#pragma once

#include "superd/main/options.h"

/* Exit statuses: the table has errors; superd could not start. */
enum { EXIT_TABLE = 1, EXIT_START = 2 };

/* Reads the table and serves it until superd ends. Returns the exit status: 0, one of the above, or that of the main
 * command. */
int run_superd(struct options *options);
