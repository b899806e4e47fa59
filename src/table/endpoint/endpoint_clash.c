/* Decides which two listeners Linux does not bind together.
 *
 * A listening TCP socket blocks its port for every socket whose addresses overlap, with or without SO_REUSEADDR
 * (inet_csk_bind_conflict in the kernel); a dual-stack socket has the addresses of both families. The same is true for
 * UDP, because superd binds UDP sockets without SO_REUSEADDR: with it, any process could bind the same port and take
 * their datagrams. Measured on Linux 6.18 for every pair of wildcard, address, family and interface. */
#include "table/endpoint/endpoint.h"

struct endpoint_reach endpoint_reach(const struct endpoint *endpoint)
{
	struct endpoint_reach reach = {
		.ipv4 = endpoint->family != FAMILY_IPV6,
		.ipv6 = endpoint->family != FAMILY_IPV4,
		.all = !endpoint->address,
	};

	if (!endpoint->address)
		return reach;
	if (!scan_address(endpoint->address, strlen(endpoint->address), &reach.address)) {
		reach.name = endpoint->address;
		return reach;
	}
	reach.ipv4 = IN6_IS_ADDR_V4MAPPED(&reach.address);
	reach.ipv6 = !reach.ipv4;
	reach.all = IN6_IS_ADDR_UNSPECIFIED(&reach.address) ||
		    (reach.ipv4 && !memcmp(&reach.address.s6_addr[12], "\0\0\0", 4));
	return reach;
}

static bool reach_covers(const struct endpoint_reach *all, const struct endpoint_reach *name)
{
	return all->all && (all->ipv4 || !name->ipv4) && (all->ipv6 || !name->ipv6);
}

static bool reach_overlaps(const struct endpoint_reach *a, const struct endpoint_reach *b)
{
	if (a->name && b->name)
		return !strcasecmp(a->name, b->name) && ((a->ipv4 && b->ipv4) || (a->ipv6 && b->ipv6));
	if (a->name)
		return reach_covers(b, a);
	if (b->name)
		return reach_covers(a, b);
	if (!(a->ipv4 && b->ipv4) && !(a->ipv6 && b->ipv6))
		return false;
	return a->all || b->all || !memcmp(&a->address, &b->address, sizeof(a->address));
}

bool endpoint_clash(const struct endpoint *a, const struct endpoint *b)
{
	bool has_name = a->port_name || b->port_name;
	bool names_equal = a->port_name && b->port_name && !strcmp(a->port_name, b->port_name);
	struct endpoint_reach reach_a, reach_b;

	/* All kinds share the paths; each type of socket has its own abstract names. */
	if (endpoint_is_path(a) && endpoint_is_path(b))
		return !strcmp(a->address, b->address);
	if (a->kind != b->kind)
		return false;
	switch (a->kind) {
	case ENDPOINT_TCP:
	case ENDPOINT_SCTP:
	case ENDPOINT_UDP:
		reach_a = endpoint_reach(a);
		reach_b = endpoint_reach(b);
		return !(a->interface && b->interface && strcmp(a->interface, b->interface) != 0) &&
		       (has_name ? names_equal : a->port == b->port && a->port != 0) &&
		       reach_overlaps(&reach_a, &reach_b);
	case ENDPOINT_RPC_TCP:
	case ENDPOINT_RPC_UDP:
		/* RPC services clash in their registration, one for each version and family, not in their ports. */
		return (a->family == FAMILY_ANY || b->family == FAMILY_ANY || a->family == b->family) &&
		       (has_name ? names_equal : a->number == b->number) && a->group <= b->highest &&
		       b->group <= a->highest;
	case ENDPOINT_TCPMUX:
		/* A + is no part of the name. RFC 1078: names are case-insensitive. */
		return !strcasecmp(a->address + (a->address[0] == '+'), b->address + (b->address[0] == '+'));
	case ENDPOINT_VSOCK:
		return a->group == b->group &&
		       (a->number == b->number || a->number == UINT32_MAX || b->number == UINT32_MAX);
	default:
		return endpoint_equal(a, b);
	}
}
