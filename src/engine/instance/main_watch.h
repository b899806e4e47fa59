/* Watches, by its pidfd, the end of a main process that is not superd's child, as its parent lives or a killed
 * superd has started it. */
#pragma once

#include <stdbool.h>

#include "engine/core/engine.h"

struct main_watch;

/* true: the process is not superd's child, so its end has to be watched. */
bool main_watch_is_needed(pid_t pid);

/* Watches this child of engine->children by its pidfd, in place of *watch (NULL: none). Owns pidfd in any case.
 * false: out of memory, and *watch is unchanged. */
bool main_watch_begin(struct main_watch **watch, struct engine *engine, struct child *child, int pidfd);

void main_watch_end(struct main_watch **watch);

int main_watch_fd(const struct main_watch *watch);      /* -1 for NULL */
