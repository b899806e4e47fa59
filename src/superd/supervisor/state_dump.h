/* Reports the present state of every service, for SIGUSR1. */
#pragma once

#include "lib/buf.h"
#include "superd/loop/engine.h"

/* Writes a line of JSON for each service (service_list.describe), and one with their number: to out, or if it is NULL,
 * to the log, without services that were never started if there are many. */
void state_dump(struct engine *engine, struct buf *out);
