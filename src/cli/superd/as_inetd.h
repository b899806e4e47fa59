/* The command line of inetd, as all of its kin have it, for superd called by that name. */
#pragma once

#include "cli/superd/options.h"

/* Reads it into options that hold superd's defaults. */
bool as_inetd_read(struct options *options, int argc, char **argv);

void as_inetd_help(void);               /* to stdout */
