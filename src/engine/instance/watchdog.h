/* A running instance that must be heard every so often. Who is silent is ended by watchdog_signal, and has failed. */
#pragma once

#include "engine/instance/notice.h"

void watchdog_init(struct notice *notice);
void watchdog_begin(struct notice *notice);             /* as its service says, unless it has said so itself */
void watchdog_heard(struct notice *notice);
void watchdog_change(struct notice *notice, int64_t microseconds);      /* WATCHDOG_USEC=; 0 ends it */
void watchdog_extend(struct notice *notice, int64_t microseconds);      /* at least so long from now on */
void watchdog_rest(struct notice *notice);              /* it is frozen: its time begins anew by watchdog_resume */
void watchdog_resume(struct notice *notice);
void watchdog_bark(struct notice *notice, const char *reason);          /* it has failed */
void watchdog_end(struct notice *notice);
