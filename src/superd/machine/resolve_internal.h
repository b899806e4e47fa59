/* The parts of resolving a table. For resolve*.c and duplicate_node.c alone. They use NSS, which may block, so they run
 * while a table is loaded; each name is looked up once, however many services have it. */
#pragma once

#include <stdbool.h>

#include "lib/diag.h"
#include "lib/pool.h"
#include "lib/ptr_map.h"
#include "table/services/table.h"

/* ---- resolve_access.c: address rules with the names of networks(5), and the kernel's filters for them ---- */

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

/* ---- resolve_address.c: names of hosts and ports, by hosts(5), DNS and services(5) ---- */

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

/* ---- duplicate_node.c ---- */

/* Adds an error for each such socket. */
void duplicate_node_check(const struct table *table, struct diags *diags);
