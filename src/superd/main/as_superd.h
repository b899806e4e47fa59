/* superd's own command line. */
#pragma once

#include "lib/cli_option.h"
#include "superd/main/options.h"

extern const struct cli as_superd_cli;  /* its options, for --help and the completions of the shells */

/* Reads argv into options that hold superd's defaults. false after printing the mistake. */
bool as_superd_read(struct options *options, int argc, char **argv);

void as_superd_help(void);              /* prints --help to stdout */
