/* What every service is doing now, into the log: SIGUSR1. */
#pragma once

#include "engine/engine.h"
#include "engine/reload.h"

void state_say(struct engine *engine, const struct roster *roster);
