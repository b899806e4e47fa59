/* The defaults of a table as a service of their own, so that a comparison with them compares fields.
 *
 * The table does not keep what `defaults { }` set, so it is derived: from a value that a service has, but did not set
 * itself, and that differs from superd's own default. `defaults { }` may set an option that means nothing to some
 * service, as `instances`. Three options have defaults that depend on another option: pass on accept, error on output,
 * pass_packet_info on pass. */
#include "table/services/conf_defaults.h"

#include <stddef.h>
#include <string.h>

#include "table/option/default_service.h"
#include "table/services/service_json.h"

static bool is_field(const struct directive *directive, enum option_group group, size_t offset)
{
	return directive->group == group && directive->offset == offset;
}

/* The defaults of pass and error follow a rule, and accept is always printed. */
static bool follows_rule(const struct directive *directive)
{
	return is_field(directive, GROUP_EXEC, offsetof(struct exec_options, pass)) ||
	       is_field(directive, GROUP_EXEC, offsetof(struct exec_options, accept)) ||
	       is_field(directive, GROUP_STREAMS, offsetof(struct stream_options, error));
}

static bool is_packet_info(const struct directive *directive)
{
	return is_field(directive, GROUP_SOCKETS, offsetof(struct socket_options, pass_packet_info));
}

/* Whether dynamic_user or pass = bind has set the option (table/services/builder_finish.c). */
static bool is_implied(const struct service *service, const struct directive *directive)
{
	static const struct { enum option_group group; size_t offset; } implied[] = {
		{ GROUP_IDENTITY, offsetof(struct identity_options, no_new_privileges) },
		{ GROUP_IDENTITY, offsetof(struct identity_options, remove_ipc) },
		{ GROUP_HARDENING, offsetof(struct hardening_options, protect_system) },
		{ GROUP_HARDENING, offsetof(struct hardening_options, protect_home) },
		{ GROUP_HARDENING, offsetof(struct hardening_options, private_tmp) },
		{ GROUP_HARDENING, offsetof(struct hardening_options, restrict_suid_sgid) },
	};

	if (service->exec->pass == PASS_BIND && is_packet_info(directive))
		return true;
	for (size_t n = 0; service->groups->identity->dynamic_user && n < sizeof(implied) / sizeof(*implied); n++) {
		if (is_field(directive, implied[n].group, implied[n].offset))
			return true;
	}
	return false;
}

static bool service_sets(const struct service *service, const struct directive *directive)
{
	for (size_t i = 0; i < service->mark_count; i++) {
		if (service->marks[i].directive == directive_index(directive) && !service->marks[i].block)
			return true;
	}
	return false;
}

/* Collects the values that a service has but did not set itself. */
static void collect_defaults(struct conf_defaults *defaults, const struct service *service)
{
	for (size_t i = 0; i < directive_count; i++) {
		const struct directive *directive = &directives[i];
		const void *field;
		char *group;

		if (!directive_has_value(directive) || !(directive->flags & IN_DEFAULTS) || follows_rule(directive) ||
		    defaults->is_in_defaults[i])
			continue;
		field = directive_field(directive, service);
		if (directive->type->equal(field, directive_field(directive, &defaults->plain)) ||
		    service_sets(service, directive) || is_implied(service, directive))
			continue;
		group = (char *)defaults->groups[directive->group];
		memcpy(group + directive->offset, field, directive->type->size);
		defaults->is_in_defaults[i] = true;
	}
}

static bool make_group(struct conf_defaults *defaults, enum option_group group)
{
	void *values = pool_alloc(defaults->pool, group_sizes[group]);

	defaults->groups[group] = pool_alloc(defaults->pool, group_sizes[group]);
	if (!values || !defaults->groups[group] || !directive_fill_defaults(group, values, defaults->pool))
		return false;
	memcpy(defaults->groups[group], values, group_sizes[group]);
	default_service_put_group(&defaults->plain, &defaults->plain_groups, group, values);
	default_service_put_group(&defaults->defaults_row, &defaults->row_groups, group, defaults->groups[group]);
	return true;
}

bool conf_defaults_make(struct conf_defaults *defaults, const struct table *table)
{
	bool ok;

	*defaults = (struct conf_defaults){ .pool = pool_new() };
	if (!defaults->pool)
		return false;
	defaults->is_in_defaults = pool_alloc(defaults->pool, directive_count * sizeof(*defaults->is_in_defaults));
	ok = defaults->is_in_defaults;
	for (enum option_group group = 0; ok && group < GROUPS; group++)
		ok = make_group(defaults, group);
	if (!ok) {
		conf_defaults_free(defaults);
		return false;
	}
	for (size_t i = 0; i < table->count; i++)
		collect_defaults(defaults, &table->services[i]);
	return true;
}

void conf_defaults_free(struct conf_defaults *defaults)
{
	pool_free(defaults->pool);
	defaults->pool = NULL;
}
