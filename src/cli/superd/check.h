/* Reads the tables without serving them: superd --check, and the check of left-out services. */
#pragma once

#include <stdbool.h>

#include "cli/superd/options.h"

/* --check: prints a summary to stdout and every diagnostic to stderr. false: there are errors. */
bool check_tables(const struct options *options);

/* Answers a running superd that has left services out: writes to options->internal.fd which entries would be left out
 * now (engine/supervisor/left_out_check.h). Returns the exit status. */
int check_left_out(struct options *options);
