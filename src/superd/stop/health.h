/* The health of superd and its services, for superctl health and builtin = health. */
#pragma once

#include <stdbool.h>

#include "lib/buf.h"
#include "superd/loop/engine.h"

struct service_runtime;

/* In order of severity. Degraded: superd and its sockets work, but the last instances of a service have failed, it has
 * left a process in the background, an entry is left out for an error, or the last reload was refused. Clients may have
 * caused that, and a new superd does not repair it, so a manager that restarts an unhealthy superd must not restart a
 * degraded one. */
enum health { HEALTHY, DEGRADED, UNHEALTHY };

const char *health_name(enum health health);            /* "healthy" */

/* Whether the last instances of a service have all failed, and it has no worse fault. */
bool health_is_degraded(const struct service_runtime *runtime);

/* Whether something is wrong with the service by itself, not by an operator's order: it is unhealthy or degraded, or
 * pauses after failures. */
bool health_has_failed(const struct service_runtime *runtime);

/* Returns superd's health. Appends a line "service: reason" for each fault, up to a hundred, and the number of the
 * rest. */
enum health health_check(const struct engine *engine, struct buf *lines);

struct left_out;

/* Returns the health of one service, for a load balancer; why gets the reason, if there is one. Other than in superd's
 * health a service is also unhealthy while it is held, disabled, paused or being removed, because clients wait then.
 * runtime NULL: the configuration disables the service, or leaves it out (left_out). */
enum health health_of(const struct engine *engine, const struct service_runtime *runtime,
		      const struct left_out *left_out, struct buf *why);

/* Writes a line with the health of the named service, and one with the reason. false: no such service. */
bool health_write(struct engine *engine, const char *name, struct buf *out);
