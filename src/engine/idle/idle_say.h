/* The log line of an idle backend. */
#pragma once

#include "engine/service/keeper.h"

/* what: "stopping"; since: nobody was there, loop time. */
void idle_say(const struct keeper *keeper, enum level level, const char *what, double since);
