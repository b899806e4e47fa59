/* ip_address_allow and ip_address_deny for the sockets superd holds: as words of no_access. */
#pragma once

#include "base/pool.h"
#include "config/option/service.h"

/* The row's no_access with what it denies beside: what ip_address_deny has and ip_address_allow has not, kept. NULL: nobody is
 * denied, unless *failed: out of memory, or too many. */
words networks_denied(const struct service *service, struct pool *pool, bool *failed);
