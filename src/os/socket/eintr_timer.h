/* Interrupts blocking system calls on a descriptor that a backend shares: the backend can clear O_NONBLOCK at any
 * moment, and the call may then block in spite of an earlier poll(2). */
#pragma once

#include <stdbool.h>

/* Between the two, a call of this thread that blocks fails with EINTR within some milliseconds. Only for the main
 * thread, and not nested. false, with errno: there is no timer (timer_create(2) fails), and nothing is interrupted. */
bool eintr_timer_begin(void);
void eintr_timer_end(void);
