/* The command line of superd-builtin:
 *
 *   superd-builtin [--channel=FD [--shares]] [--only-from=WORD]… [--no-access=WORD]… [--loop=PORT]… NAME [option …]
 *   superd-builtin [--channel=FD [--shares]] redirect HOST PORT */
#pragma once

#include <stdbool.h>

#include "builtin/builtin.h"

/* Reads argv, without argv[0], into settings; texts are borrowed from argv. The caller frees settings->pool in any
 * case. false after logging the mistake: the program must not serve then. */
bool builtin_argv_read(struct settings *settings, char *const *argv);
