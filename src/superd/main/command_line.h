/* The command line of superd, inetd or xinetd, by the name that superd is called by. */
#pragma once

#include "lib/cli_option.h"
#include "superd/main/options.h"

/* Fills in the options from superd's defaults and argv. false after printing the mistake and its correction to stderr.
 * The caller calls options_free in any case. */
bool command_line_read(struct options *options, int argc, char **argv);

void command_line_help(enum invoked_as invoked_as);     /* prints --help to stdout */

/* superd's own command line. */

extern const struct cli as_superd_cli;  /* its options */

/* Reads argv into options that hold superd's defaults. false after printing the mistake. */
bool as_superd_read(struct options *options, int argc, char **argv);

void as_superd_help(void);              /* prints --help to stdout */

/* The command line of inetd, for a superd that is called as inetd. */

/* Reads argv into options that hold superd's defaults. false after printing the mistake. */
bool as_inetd_read(struct options *options, int argc, char **argv);

void as_inetd_help(void);               /* prints --help to stdout */

/* The command line of xinetd, for a superd that is called as xinetd. */

/* Reads argv into options that hold superd's defaults. false after printing the mistake. */
bool as_xinetd_read(struct options *options, int argc, char **argv);

void as_xinetd_help(void);              /* prints -help to stdout */
