/* Whether all is well: what superctl health and builtin = health tell. */
#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "engine/engine.h"

struct keeper;

/* Each is worse than the one before. Degraded: superd and its sockets are well, and a service has done nothing but fail
 * lately, or is left out for an error. Its clients may have brought that about, and a new superd does not mend it, so whoever
 * starts superd anew when it is not well must not do so for this. */
enum health { HEALTHY, DEGRADED, UNHEALTHY };

const char *health_name(enum health health);            /* "healthy" */

/* Whether the last instances of a service have all failed, and nothing worse is wrong with it. */
bool health_is_degraded(const struct keeper *keeper);

/* Adds a line for each thing that is wrong, "service: what", up to a hundred and how many more there are. */
enum health health_look(const struct engine *engine, struct buf *lines);
