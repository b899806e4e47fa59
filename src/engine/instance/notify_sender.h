/* Finds the instance that a process belongs to, among those of one notify socket, and its role there. */
#pragma once

#include <sys/types.h>

#include "engine/instance/notify_state.h"

enum role { ROLE_MAIN, ROLE_COMMAND, ROLE_OTHER };

/* Returns the notice of the instance; NULL: none, or unknown. A process that has ended, or that no instance knows,
 * counts for a single instance if it has root's or the instance's user. */
struct notify_state *notify_sender_find(const struct list *notices, pid_t pid, uid_t uid, enum role *role);

/* Whether the process belongs to this instance: by its place among processes, or, if it has lost its parent, by the
 * LISTEN_PID that it was started with. */
bool notify_sender_is_of(const struct list *notices, const struct notify_state *notice, pid_t pid);

/* Whether notify_access allows messages from a process with this role. */
bool notify_sender_is_allowed(const struct notify_state *notice, enum role role);
