/* Makes a service's seccomp filters (seccomp(2)) when its table is loaded; the child only installs them. */
#pragma once

#include <stdbool.h>

#include "base/diag.h"
#include "base/pool.h"
#include "config/service/service.h"

struct sock_fprog;

/* *filters: NULL-terminated, in the pool, in the order of installing; NULL: the service needs none. Adds an error for
 * an unknown system call in a list of denied ones, a warning for one in a list of allowed ones. false: a filter could
 * not be made, with a diagnostic. */
bool seccomp_make(const struct service *service, struct pool *pool, struct diags *diags,
		  const struct sock_fprog *const **filters);
