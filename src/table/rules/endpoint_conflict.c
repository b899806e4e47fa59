/* Claims of endpoints, and the error about two that clash. It names an endpoint as its author wrote it, and adds the
 * resolved address if that differs. */
#include "table/rules/endpoint_conflict.h"

#include <string.h>

#include "table/option/option_table.h"

struct endpoint_claim endpoint_claim_of(const struct service *service, const struct listen *listen, size_t number)
{
	struct endpoint_claim claim = {
		service, listen, endpoint_with_options(listen->address, listen->options), number,
	};

	/* An RPC socket claims its registration, not its port. */
	if (endpoint_is_rpc(listen->endpoint))
		claim.endpoint.kind = listen->endpoint->kind;
	return claim;
}

struct endpoint endpoint_claim_as_written(const struct endpoint_claim *claim)
{
	return endpoint_with_options(claim->listen->endpoint, claim->listen->options);
}

bool endpoint_claims_share(const struct endpoint_claim *a, const struct endpoint_claim *b)
{
	return endpoint_is_inet(&a->endpoint) && !endpoint_is_rpc(&a->endpoint) &&
	       a->listen->options->reuse_port && b->listen->options->reuse_port;
}

/* Adds "tcp:http", or "tcp:http (tcp:80 here)" if the port was looked up. */
static void name_claim(const struct endpoint_claim *claim, struct buf *out)
{
	struct buf real = { 0 };

	endpoint_format(claim->listen->endpoint, out);
	endpoint_format(&claim->endpoint, &real);
	if (claim->listen->address != claim->listen->endpoint && strcmp(buf_string(out), buf_string(&real)) != 0)
		buf_addf(out, " (%s here)", buf_string(&real));
	buf_free(&real);
}

/* Where one of them is IPv4 alone and the other has both families, the mistake is mostly [::], meant as IPv6 alone.
 * false: that is not so. */
static bool hint_at_ipv6_only(const struct endpoint_claim *a, const struct endpoint_claim *b, struct diags *diags)
{
	const struct endpoint_claim *both = a->endpoint.family == FAMILY_ANY ? a : b, *other = both == a ? b : a;

	if (both->endpoint.family != FAMILY_ANY || both->endpoint.address || other->endpoint.family != FAMILY_IPV4 ||
	    (both->service->is_foreign && both->service->dialect != UNIT))
		return false;
	diags_hint(diags, "without a family a port is that of IPv4, too: %s keeps %s to IPv6, or leave the IPv4 "
			  "address out",
		   both->service->dialect == UNIT ? "BindIPv6Only=ipv6-only" : "ipv6_only = yes", both->service->name);
	return true;
}

void endpoint_conflict_report(const struct endpoint_claim *a, const struct endpoint_claim *b, struct diags *diags)
{
	const struct endpoint_claim *first = a->number < b->number ? a : b, *second = first == a ? b : a;
	struct buf mine = { 0 }, other = { 0 }, place = { 0 };
	const char *name = second->service->name;

	if (listen_is_other_family(first->service, first->listen) &&
	    listen_is_other_family(second->service, second->listen))
		return;
	name_claim(second, &mine);
	endpoint_format(first->listen->endpoint, &other);
	origin_describe(first->listen->at, &place);
	if (first->listen->at.file && first->listen->at.column)
		buf_addf(&place, ":%u", first->listen->at.column);
	if (first->service == second->service)
		diag_error(diags, second->listen->at, "%s: it claims %s already, with %s%s", name,
			   buf_string(&mine), buf_string(&other), buf_string(&place));
	else
		diag_error(diags, second->listen->at, "%s: %s is claimed already by %s, with %s%s", name,
			   buf_string(&mine), first->service->name, buf_string(&other), buf_string(&place));
	if (endpoint_has_port(&second->endpoint) && !endpoint_is_rpc(&second->endpoint) &&
	    !hint_at_ipv6_only(a, b, diags))
		diags_hint(diags, "choose another port or address%s",
			   second->service->is_foreign ? "" : ", or set reuse_port = yes in both, and each client "
							      "reaches one of them at random");
	buf_free(&mine);
	buf_free(&other);
	buf_free(&place);
}
