/* The command line of inetd, for a superd that is called as inetd. */
#pragma once

#include "superd/main/options.h"

/* Reads argv into options that hold superd's defaults. false after printing the mistake. */
bool as_inetd_read(struct options *options, int argc, char **argv);

void as_inetd_help(void);               /* prints --help to stdout */
