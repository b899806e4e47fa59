/* Whether all is well: what superctl health and builtin = health tell. */
#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "engine/engine.h"

/* Adds a line for each thing that is wrong, "service: what", up to a hundred and how many more there are. true: there is
 * none. */
bool health_look(const struct engine *engine, struct buf *lines);
