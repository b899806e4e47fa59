/* Sets of ways to end: exit statuses and signals, by number or name, as in success_exit_status. */
#pragma once

#include <stdbool.h>

#include "config/service/service.h"

/* NULL, or why a word is none of: a number from 0 to 255, a name of exit(3)'s or sysexits.h's statuses (TEMPFAIL), a
 * signal (SIGKILL). */
const char *exit_status_refuse(const char *word);

/* Whether there is an exit status in the set, not signals alone. */
bool exit_status_has_number(words set);

/* Whether the wait status is one of the set. */
bool exit_status_is_in(words set, int status);
