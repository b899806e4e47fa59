/* Every option at superd's own default, as a service. Listings show how a row differs from it. */
#pragma once

#include <stdbool.h>

#include "base/pool.h"
#include "config/service/service.h"

struct default_service {
	struct pool *pool;
	struct service service;         /* no name, no sockets: only the groups */
	struct option_groups groups;    /* its */
};

bool default_service_make(struct default_service *plain); /* false: out of memory */
bool default_service_fill(struct service *service, struct option_groups *groups, struct pool *pool); /* the same for groups of this pool */
void default_service_free(struct default_service *plain);

/* Puts a group's values in their place in a service of these terms. */
void default_service_put_group(struct service *service, struct option_groups *groups, enum option_group group,
			       const void *values);
