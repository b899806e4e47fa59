/* Finds the instance that a process belongs to, among those of one notify socket, and its role there. */
#pragma once

#include <sys/types.h>

#include "engine/instance/notice.h"

enum role { ROLE_MAIN, ROLE_COMMAND, ROLE_OTHER };

/* Returns the notice of the instance; NULL: none, or unknown. A process that has ended, or that no instance knows,
 * counts for a single instance if it has root's or the instance's user. */
struct notice *speaker_find(const struct list *notices, pid_t pid, uid_t uid, enum role *role);

/* Whether the process belongs to this instance: by its place among processes, or, if it has lost its parent, by the
 * LISTEN_PID that it was started with. */
bool speaker_is_of(const struct list *notices, const struct notice *notice, pid_t pid);

/* Whether notify_access allows messages from a process with this role. */
bool speaker_may(const struct notice *notice, enum role role);
