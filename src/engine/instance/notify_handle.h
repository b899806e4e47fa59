/* The life of a notice, and superd's reaction to each message: readiness, reloads and time limits here; the main
 * process, the watchdog and stored descriptors in files of their own. */
#pragma once

#include <stdbool.h>

#include "engine/instance/notify_state.h"
#include "exec/worker/receive_async.h"

/* NULL: out of memory. */
struct notify_state *notify_state_new(struct instance *instance, unsigned access);
void notify_state_free(struct notify_state *notice);

/* Acts on a message. received: its descriptors; NULL: none; those that are kept are taken out. by_root: root has
 * sent it. The notice outlives this call. */
void notify_state_take(struct notify_state *notice, const struct notify_message *message,
		       const struct notification *notification, struct received *received, bool by_root);

/* The instance runs: starts its watchdog, if it has one. */
void notify_state_watch(struct instance *instance);
