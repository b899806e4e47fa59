/* The defaults as a service of their own, so that comparing with the defaults is comparing fields. */
#include "config/option/plain.h"

#include "config/option/directive.h"

void plain_put_group(struct service *service, struct terms *terms, enum option_group group, const void *values)
{
	service->terms = terms;
	if (group == GROUP_WHAT)
		service->what = values;
	else
		terms->group[group] = values;
}

bool plain_fill(struct service *service, struct terms *terms, struct pool *pool)
{
	for (enum option_group group = 0; group < GROUPS; group++) {
		void *values = pool_alloc(pool, group_sizes[group]);

		if (!values || !directive_fill_defaults(group, values, pool))
			return false;
		plain_put_group(service, terms, group, values);
	}
	return true;
}

bool plain_make(struct plain *plain)
{
	*plain = (struct plain){ .pool = pool_new() };
	if (plain->pool && plain_fill(&plain->service, &plain->terms, plain->pool))
		return true;
	plain_free(plain);
	return false;
}

void plain_free(struct plain *plain)
{
	pool_free(plain->pool);
	plain->pool = NULL;
}
