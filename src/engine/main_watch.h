/* The end of a main process that is not superd's child, as its parent lives or a superd that was killed has started it: heard
 * of by its pidfd. */
#pragma once

#include <stdbool.h>

#include "engine/instance.h"

/* Nobody will wait for it here: it is no child of ours. */
bool main_watch_is_needed(pid_t pid);

/* Watches the instance's child.pid by this descriptor, in place of any before. Takes it over, also with false: out of memory. */
bool main_watch_begin(struct instance *instance, int pidfd);

void main_watch_end(struct instance *instance);
