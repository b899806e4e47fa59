/* An option's field in a service, and its default value. A default is a text, read by the option's own parser, or, if
 * no text stands for it, the bytes of `unset`. */
#include "table/option/option_table.h"

#include <string.h>

bool directive_has_value(const struct directive *directive)
{
	return !(directive->flags & STRUCTURE);
}

const void *directive_field(const struct directive *directive, const struct service *service)
{
	if (!directive_has_value(directive))
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

		if (directive->group != group || !directive_has_value(directive))
			continue;
		if (!fill_default(directive, (char *)values + directive->offset, pool))
			return false;
	}
	return true;
}

bool directive_is_default(const struct directive *directive, const void *field, struct pool *scratch)
{
	union field_value value;

	return fill_default(directive, &value, scratch) && type_equal(directive, field, &value);
}

unsigned default_pass(const struct exec_options *exec)
{
	return exec->accept ? PASS_INETD : PASS_SYSTEMD;
}

bool directive_takes_default(const struct directive *directive, const struct exec_options *exec)
{
	const char *name = directive->name[NATIVE];

	if (directive->group == GROUP_ACCESS && (!strcmp(name, "instances") || !strcmp(name, "overload")))
		return exec->accept;
	if (directive->group == GROUP_STREAMS && !strcmp(name, "error"))
		return exec->exec || (!exec->builtin && !exec->redirect);
	return true;
}
