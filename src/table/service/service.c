/* Sizes of the option groups, and properties of a service that follow from its options. */
#include "table/service/service.h"

#include <string.h>

const size_t group_sizes[GROUPS] = {
	[GROUP_EXEC] = sizeof(struct exec_options),
	[GROUP_SOCKETS] = sizeof(struct socket_options),
	[GROUP_IDENTITY] = sizeof(struct identity_options),
	[GROUP_ENVIRONMENT] = sizeof(struct environment_options),
	[GROUP_LIMITS] = sizeof(struct limit_options),
	[GROUP_STREAMS] = sizeof(struct stream_options),
	[GROUP_ACCESS] = sizeof(struct access_options),
	[GROUP_LIFECYCLE] = sizeof(struct lifecycle_options),
	[GROUP_LOG] = sizeof(struct log_options),
	[GROUP_COMMANDS] = sizeof(struct command_options),
	[GROUP_RESTART] = sizeof(struct restart_options),
	[GROUP_HARDENING] = sizeof(struct hardening_options),
	[GROUP_PATHS] = sizeof(struct path_options),
	[GROUP_SYSCALLS] = sizeof(struct syscall_options),
	[GROUP_DIRECTORIES] = sizeof(struct directory_options),
	[GROUP_SCHEDULING] = sizeof(struct scheduling_options),
	[GROUP_RESOURCES] = sizeof(struct resource_options),
	[GROUP_CGROUP_FILTERS] = sizeof(struct cgroup_filter_options),
	[GROUP_PASSED_FDS] = sizeof(struct passed_fds_options),
};

_Static_assert(sizeof(struct option_groups) == SHARED_GROUPS * sizeof(void *), "each shared group has its name");
_Static_assert(sizeof(struct service) <= 80, "a service stays small: a configuration may have ten thousand");

bool service_prepare(struct service *service, struct pool *pool, struct prepared prepared)
{
	bool any = prepared.sandbox || prepared.cgroup_settings || prepared.probes || prepared.socket_row;
	const struct prepared *kept = any ? pool_keep(pool, &prepared, sizeof(prepared)) : NULL;

	if (any && !kept)
		return false;
	service->prepared = kept;
	return true;
}

bool listen_prepare(struct listen *listen, struct pool *pool, struct listen_prepared prepared)
{
	bool any = prepared.access || prepared.rules || prepared.owner != (uid_t)-1 ||
		prepared.owner_group != (gid_t)-1 || prepared.account || prepared.gets_options;
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
	return result;
}
