/* The names of errno's values, as system_call_error_number has them. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { ERROR_KILL = -1, ERROR_MOST = 4095 };    /* no errno: the process ends; and the highest the kernel gives */

/* "EPERM", a number from 0 to 4095, or "kill". */
bool error_scan(const char *text, int64_t *out);

/* Its name, or NULL where it has none. */
const char *error_name(int64_t number);
