/* Claims of endpoints, the search for two that clash in a service and in the whole table, and the error about them. It
 * names an endpoint as its author wrote it, and adds the resolved address if that differs.
 *
 * An address clashes with the wildcard of its port, which is written differently, and superd must not compare each of
 * ten thousand services with all others. So claims are sorted by port, wildcards first, and then by address, both as
 * hashes; each is compared with the wildcards of its port and the claims of its own address that are before it. */
#include "table/services/services.h"

struct endpoint_claim endpoint_claim_of(const struct service *service, const struct listen *listen, size_t number)
{
	struct endpoint_claim claim = {
		service,
		listen,
		endpoint_with_options(listen->address, listen->options),
		number,
	};

	/* An RPC socket claims its registration, not its port. */
	if (endpoint_is_rpc(listen->endpoint))
		claim.endpoint.kind = listen->endpoint->kind;
	return claim;
}

/* Where one of them is IPv4 alone and the other has both families, the mistake is mostly [::], meant as IPv6 alone.
 * false: that is not so. */
static bool hint_at_ipv6_only(const struct endpoint_claim *a, const struct endpoint_claim *b, struct diags *diags)
{
	const struct endpoint_claim *both = a->endpoint.family == FAMILY_ANY ? a : b, *other = both == a ? b : a;
	bool is_unit;

	if (both->endpoint.family != FAMILY_ANY || both->endpoint.address || other->endpoint.family != FAMILY_IPV4 ||
	    (both->service->is_foreign && both->service->dialect != UNIT))
		return false;
	is_unit = both->service->dialect == UNIT;
	diags_hint(diags, "%s a port is that of IPv4, too: %s keeps %s to IPv6, or leave the IPv4 address out",
		   both->listen->options->ipv6_only != IPV6_ONLY_NO ? "without a family"
		   : is_unit                                        ? "with BindIPv6Only=both"
								    : "with ipv6_only = no",
		   is_unit ? "BindIPv6Only=ipv6-only" : "ipv6_only = yes", both->service->name);
	return true;
}

/* Adds an error at the later of the two claims, whichever argument it is. Adds none if both are the IPv6 half of an
 * entry for both families, because the IPv4 halves clash, too (listen_is_other_family). */
static void endpoint_conflict_report(const struct endpoint_claim *a, const struct endpoint_claim *b,
				     struct diags *diags)
{
	const struct endpoint_claim *first = a->number < b->number ? a : b, *second = first == a ? b : a;
	char mine[ENDPOINT_TEXT], real[ENDPOINT_TEXT], other[ENDPOINT_TEXT];
	struct buf what = { 0 }, where = { 0 };

	if (listen_is_other_family(first->service, first->listen) &&
	    listen_is_other_family(second->service, second->listen))
		return;
	buf_text(&what, endpoint_text(second->listen->endpoint, mine));
	endpoint_text(&second->endpoint, real);
	/* "tcp:http", or "tcp:http (tcp:80 here)" if the port was looked up. */
	if (second->listen->address != second->listen->endpoint && strcmp(mine, real) != 0)
		buf_addf(&what, " (%s here)", real);
	origin_describe(first->listen->at, &where);
	if (first->listen->at.file && first->listen->at.column)
		buf_addf(&where, ":%u", first->listen->at.column);
	endpoint_text(first->listen->endpoint, other);
	if (first->service == second->service)
		diag_error(diags, second->listen->at, "%s: it claims %s already, with %s%s", second->service->name,
			   buf_string(&what), other, buf_string(&where));
	else
		diag_error(diags, second->listen->at, "%s: %s is claimed already by %s, with %s%s",
			   second->service->name, buf_string(&what), first->service->name, other, buf_string(&where));
	if (endpoint_has_port(&second->endpoint) && !endpoint_is_rpc(&second->endpoint) &&
	    !hint_at_ipv6_only(a, b, diags))
		diags_hint(diags, "choose another port or address%s",
			   second->service->is_foreign ? ""
						       : ", or set reuse_port = yes in both, and each client "
							 "reaches one of them at random");
	buf_free(&what);
	buf_free(&where);
}

struct hashed_claim {
	struct endpoint_claim claim;
	bool wild;	    /* claims every address of its port */
	bool clashes;	    /* with an earlier claim, which stands for both, or equals it */
	uint64_t hash;	    /* of port and address */
	uint64_t port_hash; /* as `hash` for kinds without wildcards */
};

/* Case-insensitive, as host names are. */
static uint64_t hash_name(uint64_t hash, const char *text)
{
	for (; text && *text; text++)
		hash = hash_add(hash, (unsigned char)tolower((unsigned char)*text));
	return hash;
}

/* Claims that clash have one port_hash, and one hash if neither is wild. All kinds share the paths. */
static struct hashed_claim make_claim(struct endpoint_claim claim)
{
	const struct endpoint *endpoint = &claim.endpoint;
	const char *name = endpoint_is_rpc(endpoint) ? endpoint->port_name : endpoint->address;
	struct hashed_claim entry = { .claim = claim };
	uint64_t hash = hash_add(HASH_START, endpoint_is_path(endpoint) ? ENDPOINT_KINDS : endpoint->kind);
	struct endpoint_reach reach;

	/* Of these an endpoint without an address claims its port on every address. */
	if (endpoint_is(endpoint, KIND(TCP) | KIND(SCTP) | KIND(UDP))) {
		reach = endpoint_reach(endpoint);
		entry.wild = reach.all;
		hash = endpoint->port_name ? hash_name(hash, endpoint->port_name)
					   : hash_bytes(hash, &endpoint->port, sizeof(endpoint->port));
		entry.port_hash = hash;
		if (!reach.all)
			hash = reach.name ? hash_name(hash, reach.name)
					  : hash_bytes(hash, &reach.address, sizeof(reach.address));
		entry.hash = hash;
		return entry;
	}
	if (endpoint->kind == ENDPOINT_VSOCK)
		hash = hash_add(hash, endpoint->group);
	else if (name)
		hash = hash_name(hash, name + (endpoint->kind == ENDPOINT_TCPMUX && *name == '+'));
	else
		hash = hash_add(hash, endpoint->number);
	entry.hash = entry.port_hash = hash;
	return entry;
}

static int compare_claims(const void *left, const void *right)
{
	const struct hashed_claim *a = left, *b = right;

	if (a->port_hash != b->port_hash)
		return a->port_hash < b->port_hash ? -1 : 1;
	if (a->wild != b->wild)
		return a->wild ? -1 : 1;
	if (a->hash != b->hash)
		return a->hash < b->hash ? -1 : 1;
	return a->claim.number < b->claim.number ? -1 : a->claim.number > b->claim.number;
}

/* Whether a claim clashes with an earlier one, or equals it. A clash is reported, also that of a wildcard that stands
 * behind this address in the table: --keep-going skips the wildcard then, and not this one. */
static bool check_pair(const struct hashed_claim *other, const struct hashed_claim *entry, struct diags *diags)
{
	const struct endpoint_claim *a = &other->claim, *b = &entry->claim;

	if (other->clashes || !endpoint_clash(&a->endpoint, &b->endpoint))
		return false;
	/* Both sockets set reuse_port, and so may share an endpoint. */
	if (endpoint_is_inet(&a->endpoint) && !endpoint_is_rpc(&a->endpoint) && a->listen->options->reuse_port &&
	    b->listen->options->reuse_port)
		return endpoint_equal(&a->endpoint, &b->endpoint);
	endpoint_conflict_report(a, b, diags);
	return a->number < b->number;
}

void check_conflicts(const struct table *table, struct diags *diags)
{
	struct hashed_claim *list;
	size_t count = 0, port = 0, own = 0;

	for (size_t i = 0; i < table->count; i++)
		count += table->services[i].socket_count;
	list = calloc(count + 1, sizeof(*list));
	if (!list) {
		diag_error(diags, (struct origin){ 0 }, "looking for endpoints claimed twice: out of memory");
		return;
	}
	count = 0;
	for (size_t i = 0; i < table->count; i++) {
		const struct service *service = &table->services[i];

		for (size_t n = 0; n < service->socket_count && !service_is_off(service); n++) {
			list[count] = make_claim(endpoint_claim_of(service, &service->sockets[n], count));
			count++;
		}
	}
	qsort(list, count, sizeof(*list), compare_claims);
	for (size_t n = 0; n < count; n++) {
		if (list[port].port_hash != list[n].port_hash)
			port = n;
		if (list[own].hash != list[n].hash || own < port)
			own = n;
		for (size_t k = port; k < n && list[k].wild && !list[n].clashes; k++)
			list[n].clashes = check_pair(&list[k], &list[n], diags);
		for (size_t k = own; k < n && !list[n].wild && !list[n].clashes; k++)
			list[n].clashes = check_pair(&list[k], &list[n], diags);
	}
	free(list);
}
