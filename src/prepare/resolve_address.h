/* From names of hosts and ports to numbers, by hosts(5), DNS and services(5). Each name is looked
 * up once. */
#pragma once

#include <stdbool.h>

#include "base/diag.h"
#include "base/pool.h"
#include "base/ptr_map.h"
#include "config/service/service.h"

struct addresses {
	struct pool *pool;
	struct diags *diags;
	struct ptr_map hosts, ports;
	bool ipv6;                      /* the kernel has IPv6 */
	struct origin refused_at;       /* place and text of the last refusal: reported once a line */
	const char *refused;
};

void addresses_open(struct addresses *addresses, struct pool *pool, struct diags *diags);
void addresses_close(struct addresses *addresses);

/* Sets listen->address to the endpoint with numbers for names; false after adding to diags what
 * is wrong. */
bool addresses_resolve(struct addresses *addresses, const struct service *service, struct listen *listen);

/* With every_address: the endpoint of the host's n-th address, from 0. NULL: there are no more, or the option does not
 * apply. */
const struct endpoint *addresses_next(struct addresses *addresses, const struct service *service,
				      const struct listen *listen, size_t n);
