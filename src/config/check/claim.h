/* What one socket of a service claims, so that no other of the table can have it, and what is said of two that claim the
 * same: as the endpoints are written (config/check/check_claims), and as names turned out here (prepare/resolve). */
#pragma once

#include "base/diag.h"
#include "config/option/service.h"

struct claim {
	const struct service *service;
	const struct listen *listen;
	struct endpoint endpoint;       /* its address, with what its options make of it */
	size_t number;                  /* in the table's order */
};

struct claim claim_of(const struct service *service, const struct listen *listen, size_t number);

/* The endpoint as it is written, which is the claim's until names are looked up. */
struct endpoint claim_as_written(const struct claim *claim);

/* Whether both say that they share, by reuse_port. */
bool claims_share(const struct claim *a, const struct claim *b);

/* An error at the later of the two, in whatever order they are given; none of an entry of both families, where that of
 * its other family tells. */
void claims_report(const struct claim *a, const struct claim *b, struct diags *diags);
