/* Filters of system calls, made of a row's options when its table is loaded; the child only hands them to the
 * kernel. */
#pragma once

#include <stdbool.h>

#include "base/diag.h"
#include "base/pool.h"
#include "config/service/service.h"

struct sock_fprog;

/* Kept, NULL-terminated, in the order in which they are to be set; NULL: the row asks for none. Adds an error for
 * a name of a system call that nobody knows and that is to be denied, a warning for one that is to be allowed.
 * false: it could not be made, which was added. */
bool seccomp_make(const struct service *service, struct pool *pool, struct diags *diags,
		  const struct sock_fprog *const **filters);
