/* The claim of a socket to its endpoint, which no other socket of the table can have, and the error about two equal
 * claims. config/check/check_conflicts compares endpoints as they are written, prepare/resolve after looking up
 * names. */
#pragma once

#include "base/diag.h"
#include "config/service/service.h"

struct endpoint_claim {
	const struct service *service;
	const struct listen *listen;
	struct endpoint endpoint;       /* its address, with what its options make of it */
	size_t number;                  /* in the table's order */
};

struct endpoint_claim endpoint_claim_of(const struct service *service, const struct listen *listen, size_t number);

/* The endpoint as it is written, which is the claim's until names are looked up. */
struct endpoint endpoint_claim_as_written(const struct endpoint_claim *claim);

/* Whether both say that they share, by reuse_port. */
bool endpoint_claims_share(const struct endpoint_claim *a, const struct endpoint_claim *b);

/* Adds an error at the later of the two claims, in whatever order they are passed. Adds none if both are the IPv6 half
 * of an entry for both families, because the IPv4 halves clash too (listen_is_other_family). */
void endpoint_conflict_report(const struct endpoint_claim *a, const struct endpoint_claim *b, struct diags *diags);
