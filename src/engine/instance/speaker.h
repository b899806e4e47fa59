/* Whose word is it? The instance that a process belongs to, among those that speak at one socket, and what it is
 * there. */
#pragma once

#include <sys/types.h>

#include "engine/instance/notice.h"

enum role { ROLE_MAIN, ROLE_COMMAND, ROLE_OTHER };

/* NULL: it is none of theirs, or that can't be told. A process that has ended, or lies beside all that is known, is
 * taken for one of a single instance when its user may speak. */
struct notice *speaker_find(const struct list *notices, pid_t pid, uid_t uid, enum role *role);

/* Whether the process belongs to this instance: by its place among processes, or, of one that has lost its parent, by the
 * LISTEN_PID that it was born with. */
bool speaker_is_of(const struct list *notices, const struct notice *notice, pid_t pid);

/* Whether notify_access lets who is that speak. */
bool speaker_may(const struct notice *notice, enum role role);
