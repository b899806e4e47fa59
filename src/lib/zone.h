/* Memory for objects of one size of which most are never used: each is zeroed, and takes memory only once something is
 * written to it. A page is shared with its neighbours. */
#pragma once

#include <stddef.h>

#include "lib/list.h"

struct zone {
	size_t size;            /* of an object, set by the owner; the rest is zeroed */
	struct list chunks;
};

void *zone_take(struct zone *zone);                     /* zeroed. NULL and errno: out of memory */
void zone_give(struct zone *zone, void *object);        /* accepts NULL */
