/* Which sources of the command line hold anything at all, so that a reload does not take for meant what an editor does
 * for a moment: a file of no bytes, or a folder of no files, where there was something before. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/diag.h"
#include "cmd/options.h"

/* A bit for each source, in the order of the command line; the further ones come behind. */
uint64_t filled_find(const struct options *options);

/* Whether none became empty that was in options->filled; false after saying which. */
bool filled_check(const struct options *options, uint64_t filled, struct diags *diags);
