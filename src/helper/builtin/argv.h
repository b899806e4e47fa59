/* superd's options on the command line:
 *
 *   superd-builtin [--channel=N] [--only-from=WORD]… [--no-access=WORD]… [--loop=PORT]… NAME [option …]
 *   superd-builtin [--channel=N] redirect HOST PORT */
#pragma once

#include <stdbool.h>

#include "helper/builtin/builtin.h"

/* false, and said: the settings can't be obeyed, so nothing may be served. */
bool builtin_argv_read(struct settings *settings, char *const *argv);
