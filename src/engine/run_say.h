/* What the log is told of instances, whoever starts them. */
#pragma once

#include "engine/keeper.h"

/* Nothing could be started: counts it, and logs it now or with the pause after it. The caller raises EXEC_ERROR. */
void run_say_failure(struct keeper *keeper, const char *why);

void run_say_end(struct keeper *keeper, pid_t pid, const struct ending *ending);
