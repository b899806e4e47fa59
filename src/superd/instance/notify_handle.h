/* Makes and frees a notify_state, finds the instance that a message comes from, and acts on each: the main process,
 * readiness, reloads, time limits, stored descriptors. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "superd/instance/notify_state.h"
#include "superd/process/receive_async.h"

/* NULL: out of memory. */
struct notify_state *notify_state_new(struct instance *instance, unsigned access);
void notify_state_free(struct notify_state *notice);

/* Acts on a message. received: its descriptors; NULL: none; the call takes out those that it keeps. by_root: root sent
 * the message. The notice outlives this call. */
void notify_state_take(struct notify_state *notice, const struct notify_message *message,
		       const struct notification *notification, struct received *received, bool by_root);

/* Starts the watchdog of an instance that runs, if it has one. */
void notify_state_watch(struct instance *instance);

/* Called after a child was reaped: forgets groups without processes, because the kernel may reuse their numbers. */
void main_pid_sweep(struct engine *engine);

enum role { ROLE_MAIN, ROLE_COMMAND, ROLE_OTHER };

/* Returns the notify_state of the instance; NULL: unknown. If the service has a single instance, a process that has
 * ended, or that superd cannot assign, belongs to it if its user is root or the instance's. */
struct notify_state *notify_sender_find(const struct list *notices, pid_t pid, uid_t uid, enum role *role);

/* Whether notify_access allows messages from a process with this role. */
bool notify_sender_is_allowed(const struct notify_state *notice, enum role role);
