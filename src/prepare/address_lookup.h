/* From names of hosts and ports to numbers: what hosts(5), DNS and services(5) say of them. Each
 * is asked for once. */
#pragma once

#include <stdbool.h>

#include "base/diag.h"
#include "base/memo.h"
#include "base/pool.h"
#include "config/option/service.h"

struct addresses {
	struct pool *pool;
	struct diags *diags;
	struct memo hosts, ports;
	bool ipv6;                      /* the kernel has it */
	struct origin refused_at;       /* what was refused last, and where: sockets of one line are told once */
	const char *refused;
};

void addresses_open(struct addresses *addresses, struct pool *pool, struct diags *diags);
void addresses_close(struct addresses *addresses);

/* Sets listen->address to the endpoint with numbers for names; false after adding to diags what
 * is wrong. */
bool addresses_resolve(struct addresses *addresses, const struct service *service, struct listen *listen);

/* Of a host that has several addresses and whose socket is for every one: the endpoint of the n-th, from 0. NULL: there
 * are no more. */
const struct endpoint *addresses_further(struct addresses *addresses, const struct service *service,
					 const struct listen *listen, size_t n);
