/* superd looks its own state over, as xinetd does for -cc and SIGABRT: what must agree is compared, and said where it
 * does not. Nothing is mended, nothing ended. */
#pragma once

#include <stddef.h>

#include "engine/reload/reload.h"

/* Logs each thing that is wrong, and what came of it. Gives how many there were. */
size_t inspect_state(struct engine *engine, const struct roster *roster, const struct table *table);
