/* Stops all processes of a start that left no daemon: kill_signal, timeout_stop, SIGKILL, like any stop. */
#pragma once

#include <stdbool.h>

#include "superd/instance/forking_search.h"

/* Begins when the start has failed or is being stopped. status: wait status with which the instance ends. false: no
 * process of the start is left. */
bool forking_kill_begin(struct forking_search *search, int status);

/* Looks again; the timer of the search calls it. false: no process is left. */
bool forking_kill_go_on(struct forking_search *search);
