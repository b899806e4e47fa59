/* The signals superd handles while it runs: the one list, for the loop that watches them and for the child that puts
 * them back to their defaults. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define SIGNALS_MOST 96                 /* there are fewer */

/* The nth handled signal, from 0 on; 0 behind the last. Async-signal-safe. */
int signals_handled(size_t n);

/* Whether the signal ends superd: TERM, INT, QUIT, PWR, RTMIN + 3. */
bool signal_is_stop(int signal);

/* Whether the signal means nothing to superd. It is handled because it would end superd by default, and because the
 * main command may get it. */
bool signal_is_stray(int signal);
