/* An option's field in a service, and its default value. A default is a text, read by the option's own parser, or, if
 * no text stands for it, the bytes of `unset`. */
#include "table/option/option_table.h"

#include <string.h>

static bool has_field(const struct directive *directive)
{
	return !(directive->flags & STRUCTURE);
}

const void *directive_field(const struct directive *directive, const struct service *service)
{
	if (!has_field(directive))
		return NULL;
	return (const char *)service_group(service, directive->group) + directive->offset;
}

static bool fill_default(const struct directive *directive, void *field, struct pool *pool)
{
	struct parse parse = { .directive = directive, .words = &directive->fallback, .count = 1, .pool = pool };

	memset(field, 0, field_size(directive->type));
	if (directive->unset)
		memcpy(field, directive->unset, field_size(directive->type));
	if (!directive->fallback)
		return true;
	return !type_parse(&parse, field);
}

bool directive_fill_defaults(enum option_group group, void *values, struct pool *pool)
{
	memset(values, 0, group_sizes[group]);
	for (size_t i = 0; i < directive_count; i++) {
		const struct directive *directive = &directives[i];

		if (directive->group != group || !has_field(directive))
			continue;
		if (!fill_default(directive, (char *)values + directive->offset, pool))
			return false;
	}
	return true;
}

bool directive_is_default(const struct directive *directive, const void *field, struct pool *scratch)
{
	union field_value value;

	return fill_default(directive, &value, scratch) && type_equal(directive->type, field, &value);
}

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
