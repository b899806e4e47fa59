/* The watchdog of a running instance (WATCHDOG=1 of sd_notify(3)). If none is sent in time, superd stops the instance
 * with watchdog_signal, and counts a failure. */
#pragma once

#include "superd/instance/notify_state.h"

void watchdog_init(struct notify_state *notice);
void watchdog_begin(struct notify_state *notice);       /* with the service's time, unless the instance has set one */
void watchdog_heard(struct notify_state *notice);
void watchdog_change(struct notify_state *notice, int64_t microseconds); /* WATCHDOG_USEC=; 0: no watchdog */
void watchdog_extend(struct notify_state *notice, int64_t microseconds); /* to at least so long from now */
void watchdog_pause(struct notify_state *notice); /* while it is frozen; watchdog_resume starts its time again */
void watchdog_resume(struct notify_state *notice);
void watchdog_bark(struct notify_state *notice, const char *reason);    /* fails the instance: the watchdog has expired */
void watchdog_end(struct notify_state *notice);
