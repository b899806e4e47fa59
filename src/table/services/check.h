/* Rules that concern more than one value: names and endpoints that two services claim, options that exclude or need
 * each other. They depend on the table alone; superd/machine/check.c checks the machine. */
#pragma once

#include "lib/diag.h"
#include "table/services/table.h"

/* Adds an error for each broken rule, and a warning for each probable mistake, such as an option that has no effect on
 * any socket of its service. */
void table_check(const struct table *table, struct diags *diags);

/* The claim of a socket to its endpoint, which no other socket of the table may have. */
struct endpoint_claim {
	const struct service *service;
	const struct listen *listen;
	struct endpoint endpoint;       /* listen->address, changed as bind_to_device and ipv6_only demand */
	size_t number;                  /* index in the order of the table */
};

struct endpoint_claim endpoint_claim_of(const struct service *service, const struct listen *listen, size_t number);

/* Reports endpoints that two services claim, in time linear in the size of the table. Where names are looked up it is
 * called after that, to see that tcp:http and 80 are one. */
void check_conflicts(const struct table *table, struct diags *diags);
