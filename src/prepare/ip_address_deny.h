/* ip_address_allow and ip_address_deny for the sockets that superd holds: converted to words of no_access. */
#pragma once

#include "base/pool.h"
#include "config/service/service.h"

/* The service's no_access, plus the networks of ip_address_deny that ip_address_allow does not contain; in the pool.
 * NULL: no client is denied, or, with *failed, out of memory or too many networks. */
words ip_address_denied(const struct service *service, struct pool *pool, bool *failed);
