/* Makes and frees a notify_state, and acts on each message of an instance: readiness, reloads and time limits here; the
 * main process (main_pid), the watchdog and stored descriptors (fdstore_policy) in files of their own. */
#pragma once

#include <stdbool.h>

#include "superd/instance/notify_state.h"
#include "superd/worker/receive_async.h"

/* NULL: out of memory. */
struct notify_state *notify_state_new(struct instance *instance, unsigned access);
void notify_state_free(struct notify_state *notice);

/* Acts on a message. received: its descriptors; NULL: none; the call takes out those that it keeps. by_root: root sent
 * the message. The notice outlives this call. */
void notify_state_take(struct notify_state *notice, const struct notify_message *message,
		       const struct notification *notification, struct received *received, bool by_root);

/* Starts the watchdog of an instance that runs, if it has one. */
void notify_state_watch(struct instance *instance);
