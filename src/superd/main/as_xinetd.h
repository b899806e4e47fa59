/* The command line of xinetd, for a superd that is called as xinetd. */
#pragma once

#include "superd/main/options.h"

/* Reads argv into options that hold superd's defaults. false after printing the mistake. */
bool as_xinetd_read(struct options *options, int argc, char **argv);

void as_xinetd_help(void);              /* prints -help to stdout */
