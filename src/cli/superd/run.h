/* Running a table. */
#pragma once

#include "cli/superd/options.h"

enum { EXIT_TABLE = 1, EXIT_START = 2 };

/* Reads the table, runs it to the end, and gives the exit status: 0; EXIT_TABLE it has errors; EXIT_START it could not
 * start; with a main command, the command's. */
int run_superd(struct options *options);
