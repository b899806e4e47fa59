/* The present state of every service, for SIGUSR1. */
#pragma once

#include "base/buf.h"
#include "engine/core/engine.h"
#include "engine/reload/reload.h"

/* Returns the seconds until a pause ends; negative: no pause. */
double state_pause_left(const struct keeper *keeper);

void state_say(struct engine *engine, const struct roster *roster);             /* writes it to the log */

/* Writes it as lines of text, with every service, started or not. */
void state_write(struct engine *engine, const struct roster *roster, struct buf *out);
