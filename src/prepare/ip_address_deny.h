/* ip_address_allow and ip_address_deny for the sockets superd holds: as words of no_access. */
#pragma once

#include "base/pool.h"
#include "config/service/service.h"

/* The row's no_access, plus the networks in ip_address_deny that ip_address_allow lacks; in the pool. NULL: nobody is
 * denied, or, with *failed, out of memory or too many networks. */
words ip_address_denied(const struct service *service, struct pool *pool, bool *failed);
