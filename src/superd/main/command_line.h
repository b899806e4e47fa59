/* The command line of superd, inetd or xinetd, by the name that superd is called by. */
#pragma once

#include "superd/main/options.h"

/* Fills in the options from superd's defaults and argv. false after printing the mistake and its correction to stderr.
 * The caller calls options_free in any case. */
bool command_line_read(struct options *options, int argc, char **argv);

void command_line_help(enum invoked_as invoked_as);     /* prints --help to stdout */
