/* The command line, whatever name superd is called by. */
#pragma once

#include "cli/superd/options.h"

/* Reads argv: superd's own command line, or inetd's or xinetd's where argv[0] is that name. false after saying on stderr
 * what is wrong and what would be right. */
bool command_line_read(struct options *options, int argc, char **argv);

void command_line_help(enum invoked_as invoked_as);     /* to stdout */
