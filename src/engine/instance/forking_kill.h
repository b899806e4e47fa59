/* Stops all processes of a start without a daemon: kill_signal, timeout_stop, SIGKILL, as any stop. */
#pragma once

#include <stdbool.h>

#include "engine/instance/forking_search.h"

/* The start has failed, or is being stopped. false: no process of it is left, and it ends with this status. */
bool forking_kill_begin(struct forking_search *search, int status);

/* Called again after a while. false: no process is left. */
bool forking_kill_go_on(struct forking_search *search);
