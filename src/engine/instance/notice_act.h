/* A notice from its making to its end, and what superd does on each message: readiness, reloads, limits of time here; the
 * main process, the watchdog and what is to be kept in files of their own. */
#pragma once

#include <stdbool.h>

#include "engine/instance/notice.h"
#include "exec/worker/receive_aside.h"

/* NULL: out of memory. */
struct notice *notice_new(struct instance *instance, unsigned access);
void notice_free(struct notice *notice);

/* Does what a message says. received: what came along, NULL: nothing did; descriptors that are kept are taken out of it.
 * by_root: its sender is. The notice outlives this. */
void notice_take(struct notice *notice, const struct notify_message *message, const struct notification *notification,
		 struct received *received, bool by_root);

/* The instance runs: from now on it must be heard, where it has a watchdog. */
void notice_watch(struct instance *instance);
