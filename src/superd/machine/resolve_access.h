/* Compiles address rules with the names of networks(5), and the kernel's filters for them. It uses NSS, which may
 * block, so it runs while a table is loaded; each name is looked up once, however many services have it. */
#pragma once

#include "lib/diag.h"
#include "lib/pool.h"
#include "lib/ptr_map.h"
#include "table/service/service.h"
#include "table/services/lookup_cache.h"

/* The rules of one table. networks_open to networks_close. */
struct networks {
	struct pool *pool;
	struct diags *diags;
	struct lookup_cache *lookups;        /* set by the caller: answers to use, and to add to; NULL: none */
	struct ptr_map names;           /* name -> struct network; NULL: there is none */
	struct ptr_map rules;           /* only_from, no_access -> struct access */
	struct ptr_map probes;          /* probe_from -> struct access */
	struct ptr_map filters[2];      /* struct access -> struct filter_made; [1]: for IPv4 sockets */
};

void networks_open(struct networks *networks, struct pool *pool, struct diags *diags);
void networks_close(struct networks *networks);

/* Sets the service's probes, and the rules and filters of its sockets; adds a diagnostic for rules that cannot be
 * enforced. */
void networks_resolve(struct networks *networks, struct service *service);
