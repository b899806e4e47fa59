/* In place of readers.c in superd, which asks superd-read (parse/apart). */
#include "parse/readers/readers.h"

const struct reader *const foreign_readers[FOREIGN_FORMATS] = { NULL };
