/* Whether all is well: what superctl health and builtin = health tell. */
#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "engine/core/engine.h"

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

struct left_out;

/* How one service is to whoever would send it clients; why gets the reason, if there is one. Other than superd as a whole it
 * is unhealthy also while nobody is served by somebody's will: held, disabled, paused, leaving. keeper NULL: its table
 * disables it, or it is left out. */
enum health health_of(const struct engine *engine, const struct keeper *keeper, const struct left_out *left_out,
		      struct buf *why);

/* The same of the service of this name: a line with its health, and one with the reason. false: there is none. */
bool health_tell(struct engine *engine, const char *name, struct buf *out);
