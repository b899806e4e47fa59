/* Making nodes again that somebody has removed: a look at those that were touched (engine/listener/nodes). */
#pragma once

#include "engine/core/engine.h"
#include "os/fs/node_watch.h"

/* later gets the marks of those whose service is just starting, which takes the sockets it has. */
void repair_nodes(struct engine *engine, const struct node_marks *marks, struct node_marks *later);
