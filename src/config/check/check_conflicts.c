/* Endpoints that two sockets claim, inside a service and across the whole table.
 *
 * An address clashes with a wildcard that is spelled quite differently, and ten thousand services must not be
 * compared with each other. So claims are hashed by kind, port and address, wildcards by kind and port alone.
 * Wildcards are entered first: each claim then meets the wildcards of its port and the claims of its own address. */
#include <arpa/inet.h>
#include <ctype.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "config/check/check_internal.h"
#include "config/check/endpoint_conflict.h"

struct hashed {
	struct endpoint_claim claim;
	bool wild;                      /* takes every address of its port */
	uint64_t hash;
	uint64_t port_hash;             /* the hash of a wildcard of its port; without one, as hash */
	size_t next;                    /* in its chain: index + 1 */
};

struct claims {
	struct hashed *list;
	size_t count;
	size_t *chains;                 /* index + 1 of the first claim */
	size_t size;                    /* a power of two */
};

/* Without regard to case: names of hosts have none. */
static uint64_t hash_name(uint64_t hash, const char *text)
{
	for (; text && *text; text++)
		hash = hash_add(hash, (unsigned char)tolower((unsigned char)*text));
	return hash;
}

/* An address as 16 bytes, IPv4 as ::ffff:a.b.c.d. false: it is a name. */
static bool address_bytes(const char *text, struct in6_addr *address)
{
	static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };

	if (inet_pton(AF_INET6, text, address) == 1)
		return true;
	if (inet_pton(AF_INET, text, &address->s6_addr[12]) != 1)
		return false;
	memcpy(address, mapped, sizeof(mapped));
	return true;
}

static bool address_is_wild(const struct in6_addr *address)
{
	return IN6_IS_ADDR_UNSPECIFIED(address) ||
	       (IN6_IS_ADDR_V4MAPPED(address) && !memcmp(&address->s6_addr[12], "\0\0\0", 4));
}

/* Whether an endpoint without an address takes its port of every address. */
static bool kind_has_wild(enum endpoint_kind kind)
{
	return kind == ENDPOINT_TCP || kind == ENDPOINT_SCTP || kind == ENDPOINT_UDP;
}

static uint64_t hash_port(const struct endpoint *endpoint)
{
	uint64_t hash = hash_bytes(HASH_START, &endpoint->kind, sizeof(endpoint->kind));

	if (endpoint->port_name)
		return hash_name(hash, endpoint->port_name);
	return hash_bytes(hash, &endpoint->port, sizeof(endpoint->port));
}

/* Hash of an endpoint of a kind without wildcards: claims that clash have one hash. */
static uint64_t hash_whole(const struct endpoint *endpoint)
{
	if (endpoint_is_path(endpoint))
		return hash_name(1, endpoint->address);
	if (endpoint->kind == ENDPOINT_VSOCK)
		return hash_bytes(2, &endpoint->group, sizeof(endpoint->group));
	if (endpoint->kind == ENDPOINT_TCPMUX)
		return hash_name(4, endpoint->address + (endpoint->address[0] == '+'));
	if (endpoint_is_rpc(endpoint))
		return endpoint->port_name ? hash_name(3, endpoint->port_name)
					   : hash_bytes(3, &endpoint->number, sizeof(endpoint->number));
	return endpoint_hash(endpoint);
}

static struct hashed hash_claim(struct endpoint_claim claim)
{
	const struct endpoint *endpoint = &claim.endpoint;
	struct hashed hashed = { .claim = claim };
	struct in6_addr address;
	bool is_number;

	if (!kind_has_wild(endpoint->kind)) {
		hashed.hash = hashed.port_hash = hash_whole(endpoint);
		return hashed;
	}
	hashed.hash = hashed.port_hash = hash_port(endpoint);
	is_number = endpoint->address && address_bytes(endpoint->address, &address);
	hashed.wild = !endpoint->address || (is_number && address_is_wild(&address));
	if (!hashed.wild && is_number)
		hashed.hash = hash_bytes(hashed.port_hash, &address, sizeof(address));
	else if (!hashed.wild)
		hashed.hash = hash_name(hashed.port_hash, endpoint->address);
	return hashed;
}

/* Meets one chain. true: there is no more to find out for this claim, as it clashed or equals one that is there. */
static bool meet_chain(const struct claims *claims, const struct endpoint_claim *claim, uint64_t hash,
		       struct diags *diags)
{
	for (size_t at = claims->chains[hash & (claims->size - 1)]; at; at = claims->list[at - 1].next) {
		const struct endpoint_claim *other = &claims->list[at - 1].claim;

		if (claims->list[at - 1].hash != hash || !endpoint_clash(&other->endpoint, &claim->endpoint))
			continue;
		if (!endpoint_claims_share(other, claim)) {
			endpoint_conflict_report(other, claim, diags);
			return true;
		}
		if (endpoint_equal(&other->endpoint, &claim->endpoint))
			return true;
	}
	return false;
}

static void meet_all(struct claims *claims, struct hashed *hashed, struct diags *diags)
{
	size_t *chain = &claims->chains[hashed->hash & (claims->size - 1)];

	if (hashed->hash != hashed->port_hash && meet_chain(claims, &hashed->claim, hashed->port_hash, diags))
		return;
	if (meet_chain(claims, &hashed->claim, hashed->hash, diags))
		return;
	hashed->next = *chain;
	*chain = (size_t)(hashed - claims->list) + 1;
}

static size_t count_sockets(const struct table *table)
{
	size_t count = 0;

	for (size_t i = 0; i < table->count; i++)
		count += table->services[i].exec->disable ? 0 : table->services[i].socket_count;
	return count;
}

static void collect(struct claims *claims, const struct service *service)
{
	for (size_t i = 0; i < service->socket_count && !service->exec->disable; i++) {
		claims->list[claims->count] =
			hash_claim(endpoint_claim_of(service, &service->sockets[i], claims->count));
		claims->count++;
	}
}

void check_conflicts(const struct table *table, struct diags *diags)
{
	size_t count = count_sockets(table);
	struct claims claims = { .size = 16 };

	while (claims.size < count)
		claims.size *= 2;
	claims.list = calloc(count + 1, sizeof(*claims.list));
	claims.chains = calloc(claims.size, sizeof(*claims.chains));
	if (!claims.list || !claims.chains) {
		diag_error(diags, (struct origin){ 0 }, "looking for endpoints claimed twice: out of memory");
		goto out;
	}
	for (size_t i = 0; i < table->count; i++)
		collect(&claims, &table->services[i]);
	for (size_t i = 0; i < claims.count; i++) {
		if (claims.list[i].wild)
			meet_all(&claims, &claims.list[i], diags);
	}
	for (size_t i = 0; i < claims.count; i++) {
		if (!claims.list[i].wild)
			meet_all(&claims, &claims.list[i], diags);
	}
out:
	free(claims.list);
	free(claims.chains);
}
