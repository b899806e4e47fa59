/* The health of superd and its services, for superctl health and builtin = health. */
#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "engine/core/engine.h"

struct service_runtime;

/* In order of gravity. Degraded: superd and its sockets are well, and a service has only failed lately, or is left
 * out for an error. Its clients may have caused that, and a new superd does not mend it, so a manager that restarts
 * an unhealthy superd must not restart a degraded one. */
enum health { HEALTHY, DEGRADED, UNHEALTHY };

const char *health_name(enum health health);            /* "healthy" */

/* Whether the last instances of a service have all failed, and nothing worse is wrong. */
bool health_is_degraded(const struct service_runtime *runtime);

/* Adds a line for each fault, "service: reason", up to a hundred, and the number of the rest. */
enum health health_check(const struct engine *engine, struct buf *lines);

struct left_out;

/* Returns the health of one service, for a load balancer; why gets the reason, if there is one. Unlike superd as a
 * whole a service is unhealthy also while an order or a pause keeps clients waiting: held, disabled, paused,
 * leaving. runtime NULL: its table disables it, or it is left out. */
enum health health_of(const struct engine *engine, const struct service_runtime *runtime,
		      const struct left_out *left_out, struct buf *why);

/* The same for the service of this name: a line with its health, and one with the reason. false: no such service. */
bool health_write(struct engine *engine, const char *name, struct buf *out);
