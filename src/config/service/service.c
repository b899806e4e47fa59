/* What can be told of a service by its options alone. */
#include "config/service/service.h"

#include <string.h>

const size_t group_sizes[GROUPS] = {
	[GROUP_WHAT] = sizeof(struct what),
	[GROUP_SOCKETS] = sizeof(struct socket_options),
	[GROUP_WHO] = sizeof(struct who),
	[GROUP_SURROUNDINGS] = sizeof(struct surroundings),
	[GROUP_LIMITS] = sizeof(struct limits),
	[GROUP_STREAMS] = sizeof(struct streams),
	[GROUP_GATE] = sizeof(struct gate),
	[GROUP_LIFE] = sizeof(struct life),
	[GROUP_LOG] = sizeof(struct logging),
	[GROUP_COMMANDS] = sizeof(struct commands),
	[GROUP_ENDS] = sizeof(struct ends),
	[GROUP_HARDENING] = sizeof(struct hardening),
	[GROUP_PATHS] = sizeof(struct paths),
	[GROUP_CALLS] = sizeof(struct calls),
	[GROUP_FOLDERS] = sizeof(struct folders),
	[GROUP_SCHEDULING] = sizeof(struct scheduling),
	[GROUP_RESOURCES] = sizeof(struct resources),
	[GROUP_BOUNDS] = sizeof(struct bounds),
	[GROUP_EXTRAS] = sizeof(struct extras),
};

_Static_assert(sizeof(struct terms) == TERMS * sizeof(void *), "each group of the terms has its name");
_Static_assert(sizeof(struct service) <= 104, "a row stays small: ten thousand of them are a table");

bool service_idles(const struct service *service)
{
	if (service->what->accept || service->terms->life->idle_timeout == INT64_MAX ||
	    service->what->type == TYPE_ONESHOT)
		return false;
	for (size_t n = 0; n < service->socket_count; n++) {
		if (!endpoint_shows_clients(service->sockets[n].endpoint))
			return false;
	}
	return service->socket_count > 0;
}

bool listen_is_other_family(const struct service *service, const struct listen *listen)
{
	const struct listen *before = listen > service->sockets ? listen - 1 : NULL;

	return before && service->is_foreign && before->at.line == listen->at.line &&
	       before->at.column == listen->at.column && before->endpoint->kind == listen->endpoint->kind &&
	       !strcmp(before->name, listen->name);
}
