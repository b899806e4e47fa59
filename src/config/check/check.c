/* Applies all rules to a table; and the rule of names.
 *
 * Each mistake gets one message: a rule is silent if an option that it uses had an invalid value
 * (service_is_unclear). */
#include "config/check/check.h"

#include <string.h>

#include "base/scan.h"
#include "config/check/check_internal.h"
#include "config/option/option_table.h"
#include "config/option/service_mark.h"

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
	rule_warm,
	rule_capabilities,
	rule_sandbox,
	rule_passed_fds,
	rule_resources,
	rule_symlinks,
	rule_options,
	rule_shell,
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

static void hint_at_name(const struct table *table, const char *name, struct diags *diags)
{
	const unsigned most = strlen(name) < 5 ? 1 : 2;

	for (size_t i = 0; i < table->count; i++) {
		if (scan_distance(table->services[i].name, name, most) > most)
			continue;
		diags_hint(diags, "did you mean '%s'?", table->services[i].name);
		return;
	}
}

static void check_wanted(const struct table *table, const struct service *service, const char *name,
			 struct diags *diags)
{
	const struct service *wanted = table_find(table, name);

	if (!wanted && service->dialect == UNIT) {
		diag_warning(diags, service_origin(service, "wants"), "%s: '%s' is wanted, and left out of the table",
			     service->name, name);
	} else if (!wanted) {
		service_refuse(service, "wants", diags, "wants: the table has no service '%s'", name);
		hint_at_name(table, name, diags);
	} else if (wanted == service) {
		service_refuse(service, "wants", diags, "wants: a service cannot want itself");
	} else if (wanted->exec->accept && !service_is_unclear(wanted, "accept")) {
		service_refuse(service, "wants", diags,
			       "wants: '%s' has accept = yes: nothing can start before a client connects", name);
	} else if (wanted->exec->disable) {
		diag_warning(diags, service_origin(service, "wants"),
			     "%s: wants: '%s' is disabled, so it is not started", service->name, name);
	}
}

void check_wants(const struct table *table, struct diags *diags)
{
	for (size_t i = 0; i < table->count; i++) {
		const struct service *service = &table->services[i];
		words name = service->groups->lifecycle->wants;

		if (!name || service_is_unclear(service, "wants"))
			continue;
		if (service->exec->accept && !service_is_unclear(service, "accept"))
			service_refuse(service, "wants", diags,
				       "wants needs accept = no: each client of this service has a process of its own");
		for (; *name; name++)
			check_wanted(table, service, *name, diags);
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
	check_wants(table, diags);
}
