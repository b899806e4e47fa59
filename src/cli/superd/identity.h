/* What tells the superds of a machine apart: where each is steered, and what it serves. Two that are alike are the same superd,
 * started again. */
#pragma once

#include "cli/superd/options.h"

/* As lines of text, malloc'ed. NULL: it is too long, or out of memory. */
char *identity_make(const struct options *options);
