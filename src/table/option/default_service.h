/* A service with every option at superd's own default. Listings show how a row differs from it. */
#pragma once

#include <stdbool.h>

#include "lib/pool.h"
#include "table/service/service.h"

/* Puts the values into this pool. false: out of memory. */
bool default_service_fill(struct service *service, struct option_groups *groups, struct pool *pool);

/* Sets the values of one group in a service with these groups. */
void default_service_put_group(struct service *service, struct option_groups *groups, enum option_group group,
			       const void *values);
