/* The log lines about instances, for all ways to start them. */
#pragma once

#include "superd/instance/instance.h"
#include "superd/instance/runtime.h"

/* A start was skipped, as a condition is false: logs that, and sets the pause until the next check. The caller posts
 * LIMITED. */
void start_log_skip(struct service_runtime *runtime, const char *why);

/* A start has failed: counts it, and logs it now or with the pause that follows. why "": it took too long. client:
 * the client that it was for; NULL: unknown. The caller posts EXEC_ERROR. */
void start_log_failure(struct service_runtime *runtime, const struct client *client, const char *why);

/* The instance has run, and has ended: decides whether it failed, logs the end and adds it to the statistics. true:
 * it has failed. */
bool start_log_end(struct service_runtime *runtime, const struct instance *instance, const struct ending *ending);

/* accept(2) has failed with this errno, as descriptors or memory are short: notes that, logs it and pauses the
 * service. */
void start_log_exhausted(struct service_runtime *runtime);
