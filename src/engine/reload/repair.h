/* Makes nodes of sockets again that a process has removed: looks at touched ones (engine/listener/nodes). */
#pragma once

#include "engine/core/engine.h"
#include "os/fs/node_watch.h"

/* later gets the marks of nodes whose service is just starting, as it uses its present sockets. */
void repair_nodes(struct engine *engine, const struct node_marks *marks, struct node_marks *later);
