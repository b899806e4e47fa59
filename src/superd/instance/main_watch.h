/* Watches the end of a main process that is not superd's child, by its pidfd: its parent lives, or a superd that was
 * killed had started it. The instance owns the watch. */
#pragma once

#include <stdbool.h>

#include "superd/loop/engine.h"

struct main_watch;

/* Whether the process is not superd's child, so that its end must be watched. */
bool main_watch_is_needed(pid_t pid);

/* Watches this child of engine->children by its pidfd, in place of *watch (NULL: none). Takes pidfd over in any case.
 * false: out of memory, and *watch is unchanged. */
bool main_watch_begin(struct main_watch **watch, struct engine *engine, struct child *child, int pidfd);

void main_watch_end(struct main_watch **watch);

int main_watch_fd(const struct main_watch *watch);      /* -1 for NULL */
