/* The end of a main process that is not superd's child, as its parent lives or a superd that was killed has started it: heard
 * of by its pidfd. */
#pragma once

#include <stdbool.h>

#include "engine/core/engine.h"

struct main_watch;

/* Nobody will wait for it here: it is no child of ours. */
bool main_watch_is_needed(pid_t pid);

/* Watches this child, as it is among the engine's, by its pidfd, in place of what *watch is (NULL: nothing). Takes pidfd over,
 * also with false: out of memory, and *watch is as it was. */
bool main_watch_begin(struct main_watch **watch, struct engine *engine, struct child *child, int pidfd);

void main_watch_end(struct main_watch **watch);

int main_watch_fd(const struct main_watch *watch);      /* -1 for NULL */
