/* A service with all options at their defaults, so that a comparison with the defaults compares fields. */
#include "table/option/default_service.h"

#include "table/option/option_table.h"

void default_service_put_group(struct service *service, struct option_groups *groups, enum option_group group,
			       const void *values)
{
	service->groups = groups;
	if (group == GROUP_EXEC)
		service->exec = values;
	else
		groups->group[group] = values;
}

bool default_service_fill(struct service *service, struct option_groups *groups, struct pool *pool)
{
	for (enum option_group group = 0; group < GROUPS; group++) {
		void *values = pool_alloc(pool, group_sizes[group]);

		if (!values || !directive_fill_defaults(group, values, pool))
			return false;
		default_service_put_group(service, groups, group, values);
	}
	return true;
}
