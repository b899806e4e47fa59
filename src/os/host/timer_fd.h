/* A timer that a loop can wait for with any precision (timerfd_create(2)); libev's own timers count in milliseconds. */
#pragma once

#include <stdbool.h>

int timer_fd_open(void);                        /* CLOCK_MONOTONIC, not set; -1 and errno */
bool timer_fd_set(int fd, double seconds);      /* becomes readable so many seconds from now, until it is read or set again */
