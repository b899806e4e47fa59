/* Decides which descriptors superd keeps for a service (FDSTORE of sd_notify(3)), and for how long:
 * file_descriptor_store_max and file_descriptor_store_preserve. superd/launch/fdstore holds the descriptors. */
#pragma once

#include <stdbool.h>

#include "superd/launch/notify_message.h"
#include "superd/runtime/runtime.h"
#include "superd/worker/receive_async.h"

/* Stores or removes descriptors by a message of an instance. received: the message's descriptors; NULL: none. user: the
 * user of the instance. */
void fdstore_policy_take(struct service_runtime *runtime, const struct notify_message *message,
			 struct received *received, uid_t user);

/* Called before the service is started: drops descriptors that it stored as another user. */
void fdstore_policy_begin_run(struct service_runtime *runtime);

/* Called when the last instance has ended: drops descriptors that the service does not preserve. well: the instance
 * succeeded. */
void fdstore_policy_end_run(struct service_runtime *runtime, bool well);
