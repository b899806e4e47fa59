/* Reports the present state of every service, for SIGUSR1. */
#pragma once

#include "base/buf.h"
#include "engine/core/engine.h"
#include "engine/reload/reload.h"

/* Returns the seconds until the end of a pause; negative: no pause. */
double state_pause_left(const struct service_runtime *runtime);

void state_dump_log(struct engine *engine, const struct service_list *service_list); /* writes the state to the log */

/* Writes the state as lines of text, with every service, started or not. */
void state_dump_write(struct engine *engine, const struct service_list *service_list, struct buf *out);
