/* Address rules with the networks that networks(5) names, and the kernel's filters made of them. Asks NSS, which may
 * block, so it runs while a table is loaded; each name is asked for once, however many services have it. */
#pragma once

#include "base/diag.h"
#include "base/pool.h"
#include "base/ptr_map.h"
#include "config/service/service.h"

struct networks {
	struct pool *pool;
	struct diags *diags;
	struct ptr_map names;           /* text -> struct network, NULL: there is none */
	struct ptr_map rules;           /* only_from, no_access -> struct access */
	struct ptr_map probes;          /* probe_from -> struct access */
	struct ptr_map filters[2];      /* struct access -> struct filter_made; for sockets of IPv4 and others */
};

void networks_open(struct networks *networks, struct pool *pool, struct diags *diags);
void networks_close(struct networks *networks);

/* Sets the service's access, its probes and the filters of its sockets; adds to diags what can't be kept to. */
void networks_resolve(struct networks *networks, struct service *service);
