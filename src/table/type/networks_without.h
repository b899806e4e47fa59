/* Rules of systemd.resource-control(5), where an allowed network wins, as words of no_access, which has no
 * exceptions. */
#pragma once

#include "lib/pool.h"
#include "table/service/service.h"

/* The networks of `denied` without those of `allowed`, words for networks_read, as words ADDRESS/BITS in the pool.
 * NULL: none, or *failed is true: out of memory, or too many parts. */
words networks_without(words denied, words allowed, struct pool *pool, bool *failed);
