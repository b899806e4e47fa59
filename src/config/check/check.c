/* Applies all rules to a table; and the rule of names.
 *
 * Each mistake gets one message: a rule is silent if an option that it uses had an invalid value
 * (service_is_unclear). */
#include "config/check/check.h"

#include "config/check/check_internal.h"

/* In the order in which an author fixes mistakes: the basic options first. */
static void (*const rules[])(const struct service *service, struct diags *diags) = {
	rule_names,
	rule_listen,
	rule_program,
	rule_builtin,
	rule_kinds,
	rule_pass,
	rule_bind,
	rule_commands,
	rule_start,
	rule_type,
	rule_ready,
	rule_streams,
	rule_access,
	rule_backoff,
	rule_idle,
	rule_capabilities,
	rule_sandbox,
	rule_passed_fds,
	rule_resources,
	rule_symlinks,
	rule_options,
	rule_templates,
	rule_environment,
};

void check_names(const struct table *table, struct diags *diags)
{
	for (size_t i = 0; i < table->count; i++) {
		const struct service *service = &table->services[i];
		const struct service *first = table_find(table, service->name);
		struct buf place = { 0 };

		if (first == service)
			continue;
		origin_describe(first->at, &place);
		diag_error(diags, service->at, "%s: there is already a service of this name%s", service->name,
			   buf_string(&place));
		diags_hint(diags, "give one of them another name");
		buf_free(&place);
	}
}

void table_check(const struct table *table, struct diags *diags)
{
	check_names(table, diags);
	for (size_t i = 0; i < table->count; i++) {
		for (size_t rule = 0; rule < sizeof(rules) / sizeof(rules[0]); rule++)
			rules[rule](&table->services[i], diags);
	}
	check_conflicts(table, diags);
	check_tcpmux(table, diags);
}
