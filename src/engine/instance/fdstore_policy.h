/* The descriptors that instances store with superd (engine/launch/fdstore), and over which ends their row keeps
 * them. */
#pragma once

#include <stdbool.h>

#include "engine/launch/notify_message.h"
#include "engine/runtime/runtime.h"
#include "exec/worker/receive_async.h"

/* Takes what a message of an instance that runs as this user says about descriptors; received: those of the message;
 * NULL: none. */
void fdstore_policy_take(struct service_runtime *runtime, const struct notify_message *message,
			 struct received *received, uid_t user);

/* The service is started: drops descriptors that it stored as another user. */
void fdstore_policy_begin_run(struct service_runtime *runtime);

/* The last instance has ended, well or not: drops descriptors that the row does not keep. */
void fdstore_policy_end_run(struct service_runtime *runtime, bool well);
