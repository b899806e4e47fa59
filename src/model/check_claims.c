/* Endpoints that two sockets claim, across the whole table and inside each service.
 *
 * The hard thing is that an address clashes with a wildcard that is spelled quite differently, while ten
 * thousand services must not be compared with each other. So claims are hashed by kind, port and address,
 * wildcards by kind and port alone and first: each claim then meets the wildcards of its port and those of its
 * own address, and nobody else. */
#include <arpa/inet.h>
#include <ctype.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "model/check_rules.h"

struct claim {
	struct endpoint endpoint;       /* with what the socket's options make of it */
	const struct service *service;
	const struct listen *listen;
	bool wild;                      /* takes every address of its port */
	size_t number;                  /* in the table's order */
	uint64_t hash;
	size_t next;                    /* in its chain: index + 1 */
};

struct claims {
	struct claim *list;
	size_t count;
	size_t *chains;                 /* index + 1 of the first claim */
	size_t size;                    /* a power of two */
};

static uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t length)
{
	const unsigned char *byte = bytes;

	while (length--)
		hash = (hash ^ *byte++) * 0x100000001b3u;
	return hash;
}

/* Without regard to case: names of hosts have none. */
static uint64_t hash_text(uint64_t hash, const char *text)
{
	for (; text && *text; text++) {
		unsigned char lower = (unsigned char)tolower((unsigned char)*text);

		hash = hash_bytes(hash, &lower, 1);
	}
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

static bool endpoint_is_wild(const struct endpoint *endpoint)
{
	struct in6_addr address;

	if (!endpoint->address)
		return true;
	if (!address_bytes(endpoint->address, &address))
		return false;
	return IN6_IS_ADDR_UNSPECIFIED(&address) ||
	       (IN6_IS_ADDR_V4MAPPED(&address) && !memcmp(&address.s6_addr[12], "\0\0\0", 4));
}

static uint64_t hash_port(const struct endpoint *endpoint)
{
	uint64_t hash = hash_bytes(0xcbf29ce484222325u, &endpoint->kind, sizeof(endpoint->kind));

	if (endpoint->port_name)
		return hash_text(hash, endpoint->port_name);
	return hash_bytes(hash, &endpoint->port, sizeof(endpoint->port));
}

/* Two claims that clash have one hash, but for a wildcard and an address. */
static uint64_t hash_claim(const struct endpoint *endpoint, bool wild)
{
	struct in6_addr address;

	if (endpoint_is_path(endpoint))
		return hash_text(1, endpoint->address);
	if (endpoint->kind == ENDPOINT_VSOCK)
		return hash_bytes(2, &endpoint->group, sizeof(endpoint->group));
	if (endpoint->kind == ENDPOINT_TCPMUX)
		return hash_text(4, endpoint->address + (endpoint->address[0] == '+'));
	if (endpoint_is_rpc(endpoint))
		return endpoint->port_name ? hash_text(3, endpoint->port_name)
					   : hash_bytes(3, &endpoint->number, sizeof(endpoint->number));
	if (endpoint->kind != ENDPOINT_TCP && endpoint->kind != ENDPOINT_SCTP)
		return endpoint_hash(endpoint);
	if (wild)
		return hash_port(endpoint);
	if (address_bytes(endpoint->address, &address))
		return hash_bytes(hash_port(endpoint), &address, sizeof(address));
	return hash_text(hash_port(endpoint), endpoint->address);
}

static struct claim claim_of(const struct service *service, const struct listen *listen)
{
	struct claim claim = { .endpoint = *listen->address, .service = service, .listen = listen };
	bool stream = claim.endpoint.kind == ENDPOINT_TCP || claim.endpoint.kind == ENDPOINT_SCTP;

	if (endpoint_is_inet(&claim.endpoint)) {
		if (!claim.endpoint.interface)
			claim.endpoint.interface = listen->options->bind_to_device;
		if (listen->options->ipv6_only == IPV6_ONLY_YES && claim.endpoint.family == FAMILY_ANY)
			claim.endpoint.family = FAMILY_IPV6;
	}
	claim.wild = stream && endpoint_is_wild(&claim.endpoint);
	claim.hash = hash_claim(&claim.endpoint, claim.wild);
	return claim;
}

static void report_clash(const struct claim *a, const struct claim *b, struct diags *diags)
{
	const struct claim *first = a->number < b->number ? a : b, *second = first == a ? b : a;
	struct buf mine = { 0 }, other = { 0 }, place = { 0 };
	const char *name = second->service->name;

	if (listen_is_other_family(first->service, first->listen) &&
	    listen_is_other_family(second->service, second->listen))
		return;
	endpoint_format(second->listen->endpoint, &mine);
	endpoint_format(first->listen->endpoint, &other);
	origin_describe(first->listen->at, &place);
	if (first->service == second->service)
		diag_error(diags, second->listen->at, "%s: it claims %s already, with %s%s", name,
			   buf_string(&mine), buf_string(&other), buf_string(&place));
	else
		diag_error(diags, second->listen->at, "%s: %s is claimed already by %s, with %s%s", name,
			   buf_string(&mine), first->service->name, buf_string(&other), buf_string(&place));
	if (endpoint_has_port(&second->endpoint) && !endpoint_is_rpc(&second->endpoint))
		diags_hint(diags, "choose another port or address%s",
			   second->service->is_foreign ? "" : ", or say reuse_port = yes for both to share it");
	buf_free(&mine);
	buf_free(&other);
	buf_free(&place);
}

static bool claims_share(const struct claim *a, const struct claim *b)
{
	return endpoint_is_inet(&a->endpoint) && !endpoint_is_rpc(&a->endpoint) &&
	       a->listen->options->reuse_port && b->listen->options->reuse_port;
}

/* Meets one chain. true: there is no more to find out for this claim, as it clashed or equals one that is there. */
static bool meet_chain(const struct claims *claims, const struct claim *claim, uint64_t hash,
		       struct diags *diags)
{
	for (size_t at = claims->chains[hash & (claims->size - 1)]; at; at = claims->list[at - 1].next) {
		const struct claim *other = &claims->list[at - 1];

		if (other->hash != hash || !endpoint_clash(&other->endpoint, &claim->endpoint))
			continue;
		if (!claims_share(other, claim)) {
			report_clash(other, claim, diags);
			return true;
		}
		if (endpoint_equal(&other->endpoint, &claim->endpoint))
			return true;
	}
	return false;
}

static void meet_all(struct claims *claims, struct claim *claim, struct diags *diags)
{
	size_t *chain = &claims->chains[claim->hash & (claims->size - 1)];
	bool stream = claim->endpoint.kind == ENDPOINT_TCP || claim->endpoint.kind == ENDPOINT_SCTP;

	if (stream && !claim->wild && meet_chain(claims, claim, hash_port(&claim->endpoint), diags))
		return;
	if (meet_chain(claims, claim, claim->hash, diags))
		return;
	claim->next = *chain;
	*chain = (size_t)(claim - claims->list) + 1;
}

static size_t count_sockets(const struct table *table)
{
	size_t count = 0;

	for (size_t i = 0; i < table->count; i++)
		count += table->services[i].what->disable ? 0 : table->services[i].socket_count;
	return count;
}

static void collect(struct claims *claims, const struct service *service)
{
	for (size_t i = 0; i < service->socket_count && !service->what->disable; i++) {
		claims->list[claims->count] = claim_of(service, &service->sockets[i]);
		claims->list[claims->count].number = claims->count;
		claims->count++;
	}
}

void check_claims(const struct table *table, struct diags *diags)
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
