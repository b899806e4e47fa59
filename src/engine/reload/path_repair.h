/* Makes nodes of sockets again that a process has removed: looks at touched ones
 * (engine/listener/socket_path_watch). */
#pragma once

#include "engine/core/engine.h"

/* Those of a service that is just starting come later, as it uses its present sockets. */
void path_repair(struct engine *engine);
