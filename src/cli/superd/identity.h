/* A text that distinguishes the superds of a machine, by their control socket and the tables they serve. Two superds
 * with the same text are one superd that was restarted. */
#pragma once

#include "cli/superd/options.h"

/* Returns lines of text, which the caller frees. NULL: the text is too long, or out of memory. */
char *identity_make(const struct options *options);
