/* The command line of xinetd, for superd called by that name. */
#pragma once

#include "cli/superd/options.h"

/* Reads it into options that hold superd's defaults. */
bool as_xinetd_read(struct options *options, int argc, char **argv);

void as_xinetd_help(void);              /* to stdout */
