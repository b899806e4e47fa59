/* Applies all rules to a table; and the rule of names.
 *
 * Each mistake gets one message: a rule is silent if an option that it uses had an invalid value
 * (service_is_unclear). */
#include "table/rules/check.h"

#include <stdlib.h>
#include <string.h>

#include "lib/scan.h"
#include "table/option/option_table.h"
#include "table/option/service_mark.h"
#include "table/rules/check_internal.h"
#include "table/rules/endpoint_conflict.h"

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

static void check_names(const struct table *table, struct diags *diags)
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
	struct scan_nearest nearest = { .name = name, .most = strlen(name) < 5 ? 2 : 3 };

	for (size_t i = 0; i < table->count; i++)
		scan_nearest_look(&nearest, table->services[i].name);
	if (nearest.word)
		diags_hint(diags, "did you mean '%s'?", nearest.word);
}

enum { UNSEEN, OPEN, CHECKED };

#define WANTS_DEEPEST 64                /* services in a row of which each wants the next */

/* What is known of the services while `requires` and `wants` are followed. */
struct wanting {
	const struct table *table;
	unsigned char *seen;            /* of each row: UNSEEN …; OPEN: rows that lead to the present one */
	struct diags *diags;
};

static void check_wants_of(struct wanting *wanting, const struct service *service, unsigned depth);

/* Checks a name of `option`, which is requires or wants. A service with sockets is none that could wait for others. */
static void check_wanted(struct wanting *wanting, const struct service *service, const char *option, const char *name,
			 unsigned depth)
{
	const struct service *wanted = table_find(wanting->table, name);
	struct diags *diags = wanting->diags;
	unsigned char seen = wanted ? wanting->seen[wanted - wanting->table->services] : UNSEEN;

	if (!wanted && service->dialect == UNIT) {
		diag_warning(diags, service_origin(service, option), "%s: %s: '%s' is left out of the configuration",
			     service->name, option, name);
	} else if (!wanted) {
		service_refuse(service, option, diags, "%s: the configuration has no service '%s'", option, name);
		hint_at_name(wanting->table, name, diags);
	} else if (wanted->socket_count || service_is_unclear(wanted, "listen")) {
		diag_warning(diags, service_origin(service, option),
			     "%s: %s: superd does not start '%s' for this: it has a socket, and connecting to it does",
			     service->name, option, name);
	} else if (seen == OPEN || depth == WANTS_DEEPEST) {
		service_refuse(service, option, diags, "%s: '%s' %s", option, name,
			       seen == OPEN ? "leads back to this service" : "comes after too many others");
	} else {
		if (wanted->exec->disable)
			diag_warning(diags, service_origin(service, option),
				     "%s: %s: '%s' is disabled, so it is not started", service->name, option, name);
		if (seen == UNSEEN)
			check_wants_of(wanting, wanted, depth + 1);
	}
}

static void check_wants_of(struct wanting *wanting, const struct service *service, unsigned depth)
{
	unsigned char *seen = &wanting->seen[service - wanting->table->services];
	const struct lifecycle_options *lifecycle = service->groups->lifecycle;

	*seen = OPEN;
	for (words name = lifecycle->requires; name && *name && !service_is_unclear(service, "requires"); name++)
		check_wanted(wanting, service, "requires", *name, depth);
	for (words name = lifecycle->wants; name && *name && !service_is_unclear(service, "wants"); name++)
		check_wanted(wanting, service, "wants", *name, depth);
	*seen = CHECKED;
}

static void check_wants(const struct table *table, struct diags *diags)
{
	struct wanting wanting = { .table = table, .seen = calloc(table->count + 1, 1), .diags = diags };

	if (!wanting.seen)
		diag_error(diags, (struct origin){ 0 }, "following requires and wants: out of memory");
	for (size_t n = 0; wanting.seen && n < table->count; n++) {
		if (wanting.seen[n] == UNSEEN)
			check_wants_of(&wanting, &table->services[n], 0);
	}
	free(wanting.seen);
}

void table_check(const struct table *table, struct diags *diags)
{
	check_names(table, diags);
	for (size_t i = 0; i < table->count; i++) {
		for (size_t rule = 0; rule < sizeof(rules) / sizeof(rules[0]); rule++)
			rules[rule](&table->services[i], diags);
	}
	check_conflicts(table, false, diags);
	check_tcpmux(table, diags);
	check_wants(table, diags);
}
