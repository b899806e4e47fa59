/* Resolves names of hosts and ports, by hosts(5), DNS and services(5). Each name is looked up once. */
#pragma once

#include <stdbool.h>

#include "lib/diag.h"
#include "lib/pool.h"
#include "lib/ptr_map.h"
#include "table/service/service.h"
#include "table/services/lookup_cache.h"

/* The lookups of one table. addresses_open to addresses_close. */
struct addresses {
	struct pool *pool;
	struct diags *diags;
	struct lookup_cache *lookups;        /* set by the caller: answers to use, and to add to; NULL: none */
	struct ptr_map hosts, ports;    /* name -> struct found_host, struct found_port */
	bool ipv6;                      /* the kernel has IPv6 */
	struct origin refused_at;       /* origin and text of the last error, which is reported once a line */
	const char *refused;
};

void addresses_open(struct addresses *addresses, struct pool *pool, struct diags *diags);
void addresses_close(struct addresses *addresses);

/* Sets listen->address to the endpoint with numbers instead of names; false after adding a diagnostic. */
bool addresses_resolve(struct addresses *addresses, const struct service *service, struct listen *listen);

/* For every_address: the endpoint of the host's n-th address, from 0, in the pool. NULL: there are no more, or the
 * option does not apply. */
const struct endpoint *addresses_next(struct addresses *addresses, const struct service *service,
				      const struct listen *listen, size_t n);
