/* What every service is doing now: for SIGUSR1. */
#pragma once

#include "base/buf.h"
#include "engine/core/engine.h"
#include "engine/reload/reload.h"

/* Seconds until a service that pauses is tried again; below 0: it does not pause. */
double state_pause_left(const struct keeper *keeper);

void state_say(struct engine *engine, const struct roster *roster);             /* into the log */

/* As a text of lines, of every service whether it was ever started or not. */
void state_write(struct engine *engine, const struct roster *roster, struct buf *out);
