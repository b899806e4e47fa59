/* superd --check: reads the tables without serving them. */
#pragma once

#include <stdbool.h>

#include "superd/main/options.h"

/* --check: prints a summary to stdout and every diagnostic to stderr. false: there are errors. */
bool check_tables(const struct options *options);
