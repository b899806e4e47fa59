/* Whether a process is below superd: whether superd has started it, or one of its ancestors. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

struct engine;

/* Whether superd or its guard is an ancestor of the process, or it descends from a process that superd follows, or it is
 * in a control group that superd has made for a service. true also if that is unknown: if it has ended, or without /proc. */
bool engine_has_descendant(const struct engine *engine, pid_t pid);
