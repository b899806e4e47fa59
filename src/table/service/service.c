/* Sizes of the option groups, and properties of a service that follow from its options. */
#include "table/service/service.h"

#define GROUP_SIZE(NAME, type, member) [GROUP_##NAME] = sizeof(struct type),
const size_t group_sizes[GROUPS] = { OPTION_GROUPS(GROUP_SIZE) };

_Static_assert(sizeof(struct service) <= 80, "a service stays small: a configuration may have ten thousand");

bool service_prepare(struct service *service, struct pool *pool, struct prepared prepared)
{
	const struct prepared *kept = pool_keep(pool, &prepared, sizeof(prepared));

	if (kept)
		service->prepared = kept;
	return kept;
}

bool listen_prepare(struct listen *listen, struct pool *pool, struct listen_prepared prepared)
{
	bool any = prepared.access || prepared.rules || prepared.owner != (uid_t)-1 ||
		prepared.owner_group != (gid_t)-1 || prepared.account || prepared.filters_always;
	const struct listen_prepared *kept = any ? pool_keep(pool, &prepared, sizeof(prepared)) : NULL;

	if (any && !kept)
		return false;
	listen->prepared = kept;
	return true;
}

const struct listen *service_find_socket(const struct service *service, unsigned kinds)
{
	for (size_t n = 0; n < service->socket_count; n++) {
		if (endpoint_is(service->sockets[n].endpoint, kinds))
			return &service->sockets[n];
	}
	return NULL;
}

bool service_idles(const struct service *service)
{
	if (service->exec->accept || service->groups->lifecycle->idle_timeout == INT64_MAX ||
	    (service->exec->type == TYPE_ONESHOT && !service_is_relayed(service)))
		return false;
	return service->socket_count > 0 &&
	       (service_is_relayed(service) || !service_find_socket(service, ~(unsigned)KINDS_SHOWN));
}

bool listen_is_other_family(const struct service *service, const struct listen *listen)
{
	const struct listen *before = listen > service->sockets ? listen - 1 : NULL;

	return before && service->is_foreign && before->at.line == listen->at.line &&
	       before->at.column == listen->at.column && before->endpoint->kind == listen->endpoint->kind &&
	       !strcmp(before->name, listen->name);
}

bool listen_is_second_family(const struct service *service, const struct listen *listen)
{
	struct endpoint wanted = *listen->endpoint;

	if (!endpoint_is_inet(&wanted) || wanted.family != FAMILY_IPV6)
		return false;
	wanted.family = FAMILY_IPV4;
	for (size_t i = 0; i < service->socket_count; i++) {
		if (endpoint_equal(&wanted, service->sockets[i].endpoint))
			return true;
	}
	return false;
}

struct endpoint endpoint_with_options(const struct endpoint *endpoint, const struct socket_options *options)
{
	struct endpoint result = *endpoint;

	if (!endpoint_is_inet(endpoint))
		return result;
	if (!result.interface)
		result.interface = options->bind_to_device;
	if (options->ipv6_only == IPV6_ONLY_YES && result.family == FAMILY_ANY)
		result.family = FAMILY_IPV6;
	if (options->ipv6_only == IPV6_ONLY_NO && result.family == FAMILY_IPV6 && !result.address)
		result.family = FAMILY_ANY;
	return result;
}
