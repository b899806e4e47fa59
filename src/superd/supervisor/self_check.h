/* Checks superd's own state, as xinetd does for -cc and SIGABRT: compares values that must agree, and logs
 * differences. It repairs nothing and stops nothing. */
#pragma once

#include <stddef.h>

#include "superd/reload/reload.h"

/* Logs each fault, and the result. Returns the number of faults. */
size_t self_check(struct engine *engine, const struct service_list *service_list, const struct table *table);
