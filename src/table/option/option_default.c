/* An option's field in a service, and its default value: the bytes of `unset`, or a text, read by the option's own
 * parser. */
#include "table/option/option_table.h"

#include <string.h>

bool option_has_value(const struct option_def *option)
{
	return !(option->flags & STRUCTURE);
}

const void *option_field(const struct option_def *option, const struct service *service)
{
	if (!option_has_value(option))
		return NULL;
	return (const char *)service_group(service, option->group) + option->offset;
}

static bool fill_default(const struct option_def *option, void *field, struct pool *pool)
{
	struct parse parse = { .option = option, .words = &option->fallback, .count = 1, .pool = pool };

	type_unset(option, field);
	return option->unset || !option->fallback || !type_parse(&parse, field);
}

bool option_fill_defaults(enum option_group group, void *values, struct pool *pool)
{
	memset(values, 0, group_sizes[group]);
	for (size_t i = 0; i < option_count; i++) {
		const struct option_def *option = &option_defs[i];

		if (option->group != group || !option_has_value(option))
			continue;
		if (!fill_default(option, (char *)values + option->offset, pool))
			return false;
	}
	return true;
}

bool option_is_default(const struct option_def *option, const void *field, struct pool *scratch)
{
	union field_value value;

	return fill_default(option, &value, scratch) && type_equal(option, field, &value);
}

bool option_takes_default(const struct option_def *option, const struct exec_options *exec)
{
	const char *name = option->name[NATIVE];

	if (option->group == GROUP_ACCESS && (!strcmp(name, "instances") || !strcmp(name, "overload")))
		return exec->accept;
	if (option->group == GROUP_STREAMS && !strcmp(name, "error"))
		return exec->exec || (!exec->builtin && !exec->redirect);
	return true;
}
