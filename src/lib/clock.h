/* Readings of clock_gettime(2). Async-signal-safe. */
#pragma once

#include <stdint.h>

double clock_now(void);                         /* seconds of CLOCK_MONOTONIC */
int64_t clock_ms(void);                         /* milliseconds of CLOCK_MONOTONIC */
double clock_wall(void);                        /* seconds of CLOCK_REALTIME: since 1970, and it may jump */
double clock_thread_cpu(void);                  /* seconds of processor time that the calling thread has used */
