/* The readers of other systems' languages, in the order of formats[] of read/client/format.c. superd links none.c, in
 * which each is NULL: superd-read has them. */
#pragma once

#include "table/reading/reading.h"

#define FOREIGN_FORMATS 4

extern const struct reader *const foreign_readers[FOREIGN_FORMATS];
