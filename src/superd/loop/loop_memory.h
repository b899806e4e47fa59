/* Reserves memory for libev, which calls abort(3) if it gets none: superd must not end because other processes use
 * up the memory. */
#pragma once

#include <stdbool.h>

bool loop_memory_keep(void);    /* call it before the loop is made; false and ENOMEM: not all of the reserve is there */
