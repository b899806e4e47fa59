/* superd --check: reads the tables, says what is wrong, and ends. */
#pragma once

#include <stdbool.h>

#include "cli/superd/options.h"

/* Standard output gets what each source is and holds, standard error every diagnostic. false: there are errors. */
bool check_tables(const struct options *options);
