/* The signals superd handles while it runs: the one list, for the loop that watches them and for the child that puts
 * them back to their defaults. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define SIGNALS_MOST 96                 /* there are fewer */

/* The nth of them, from 0 on; 0 behind the last. Async-signal-safe. */
int signals_handled(size_t n);

/* Whether it is one by which superd is told to end: TERM, INT, QUIT, PWR, RTMIN + 3. */
bool signal_is_stop(int signal);

/* Whether it is one that says nothing to superd: it is handled for the main command, and as it would end superd. */
bool signal_is_stray(int signal);
