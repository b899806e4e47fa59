/* Stops all processes of a start without a daemon: kill_signal, timeout_stop, SIGKILL, as any stop. */
#pragma once

#include <stdbool.h>

#include "engine/instance/search.h"

/* The start has failed, or is being stopped. false: no process of it is left, and it ends with this status. */
bool sweep_begin(struct search *search, int status);

/* Called again after a while. false: no process is left. */
bool sweep_go_on(struct search *search);
