/* Every option at superd's own default, as a service. Listings show how a row differs from it. */
#pragma once

#include <stdbool.h>

#include "base/pool.h"
#include "config/service/service.h"

struct plain {
	struct pool *pool;
	struct service service;         /* no name, no sockets: only the groups */
	struct terms terms;             /* its */
};

bool plain_make(struct plain *plain);           /* false: out of memory */
bool plain_fill(struct service *service, struct terms *terms, struct pool *pool);       /* the same for groups of this pool */
void plain_free(struct plain *plain);

/* Puts a group's values in their place in a service of these terms. */
void plain_put_group(struct service *service, struct terms *terms, enum option_group group, const void *values);
