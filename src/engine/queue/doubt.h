/* Services whose instances end well again and again, while the queue is no shorter: before the next start the kernel is
 * asked who waits (engine/clients/census), beside the loop. Where all who waited before the last start wait still, that has taken
 * nobody, and the next one is paused. */
#pragma once

#include <stdbool.h>

#include "engine/service/keeper.h"

/* Somebody is at one of its listeners while nothing of it runs. true: who waits is asked first; ACTIVITY or CRASHED
 * follows. */
bool doubt_ward_off(struct keeper *keeper);

bool doubt_is_open(const struct keeper *keeper);        /* its last ends are not judged yet */

/* Nobody is to hear the answer any more. */
void doubt_forget(struct keeper *keeper);
