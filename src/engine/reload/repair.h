/* Makes nodes of sockets again that a process has removed: looks at touched ones (engine/listener/nodes). */
#pragma once

#include "engine/core/engine.h"

/* Those of a service that is just starting come later, as it uses its present sockets. */
void repair_nodes(struct engine *engine);
