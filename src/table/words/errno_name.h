/* The names of errno's values, for system_call_error_number. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { ERRNO_KILL = -1, ERRNO_MOST = 4095 };    /* kill the process; the kernel's highest error (MAX_ERRNO) */

/* Reads "EPERM", a number from 0 to 4095, or "kill". false: it is none of them. */
bool errno_scan(const char *text, int64_t *out);

/* Returns the name of an error; NULL: it has none. */
const char *errno_name(int64_t number);
