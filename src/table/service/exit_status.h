/* Sets of exit statuses and signals, by number or name, for success_exit_status and others. */
#pragma once

#include <stdbool.h>

#include "table/service/service.h"

/* Returns NULL, or why a word is neither an exit status from 0 to 255, nor the name of one (TEMPFAIL), nor a signal
 * (SIGKILL). */
const char *exit_status_refuse(const char *word);

/* Whether the set has an exit status, and not only signals. */
bool exit_status_has_number(words set);

/* Whether a status of wait(2) is in the set. */
bool exit_status_is_in(words set, int status);
