/* The names of errno's values, as system_call_error_number has them. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { ERRNO_KILL = -1, ERRNO_MOST = 4095 };    /* no errno: the process ends; and the highest the kernel gives */

/* "EPERM", a number from 0 to 4095, or "kill". */
bool errno_scan(const char *text, int64_t *out);

/* Its name, or NULL where it has none. */
const char *errno_name(int64_t number);
