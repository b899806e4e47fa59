/* The log lines about instances, for all ways to start them. */
#pragma once

#include "engine/instance/instance.h"
#include "engine/runtime/runtime.h"

/* A start was left out, as a condition is not so: says it, with the pause before it is looked at again, which LIMITED
 * then makes. */
void start_log_skip(struct service_runtime *runtime, const char *why);

/* Nothing could be started: counts it, and logs it now or with the pause after it; why "": it was not in time;
 * client: whom it was for, NULL: anybody. The caller raises EXEC_ERROR. */
void start_log_failure(struct service_runtime *runtime, const struct client *client, const char *why);

/* The instance has run, and has ended: judges, logs and keeps that. true: it has failed. */
bool start_log_end(struct service_runtime *runtime, const struct instance *instance, const struct ending *ending);

/* accept(2) has failed for want of descriptors or memory (errno): frees what it can, and pauses. */
void start_log_exhausted(struct service_runtime *runtime);
