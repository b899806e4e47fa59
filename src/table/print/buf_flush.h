/* What all that prints shares: text goes from a buffer to a file. Only for the print*.c. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "lib/buf.h"

/* Writes the buffer to `out` and empties it. false: out of memory (errno ENOMEM), or `out` cannot be written. */
bool buf_flush(struct buf *buf, FILE *out);
