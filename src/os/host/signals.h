/* The signals that superd handles while it runs (signal(7)): one list for the loop that watches them, and for the child
 * that resets them to their defaults. What each of them does says superd/loop.c. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* The nth handled signal, from 0; 0 behind the last. Async-signal-safe. */
int signals_handled(size_t n);

/* Whether the signal ends superd: TERM, INT, QUIT, PWR, RTMIN + 3. */
bool signal_is_stop(int signal);

/* Whether the signal means nothing to superd. superd handles it because its default action would end superd, and
 * because the main command may need it. */
bool signal_is_stray(int signal);
