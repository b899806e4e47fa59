/* Finds the instance that a process belongs to, among those of one notify socket, and the process's role there. */
#pragma once

#include <sys/types.h>

#include "superd/instance/notify_state.h"

enum role { ROLE_MAIN, ROLE_COMMAND, ROLE_OTHER };

/* Returns the notify_state of the instance; NULL: unknown. If the service has a single instance, a process that has
 * ended, or that superd cannot assign, belongs to it if its user is root or the instance's. */
struct notify_state *notify_sender_find(const struct list *notices, pid_t pid, uid_t uid, enum role *role);

/* Whether the process belongs to this instance: by its place among processes, or by its control group or mark. */
bool notify_sender_is_of(const struct list *notices, const struct notify_state *notice, pid_t pid);

/* Whether notify_access allows messages from a process with this role. */
bool notify_sender_is_allowed(const struct notify_state *notice, enum role role);
