/* Stopping all of a start that has no daemon yet: kill_signal, timeout_stop, SIGKILL, as any stop. */
#pragma once

#include <stdbool.h>

#include "engine/instance/search.h"

/* The start has failed, or was told to stop. false: nobody is left of it, and it ends with this status. */
bool sweep_begin(struct search *search, int status);

/* After a while. false: nobody is left. */
bool sweep_go_on(struct search *search);
