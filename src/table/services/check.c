/* Applies all rules to a table; and the rule of names.
 *
 * Each mistake gets one message: a rule is silent if an option that it uses had an invalid value
 * (service_is_unclear). */

#include "table/services/internal.h"

/* In the order in which an author fixes mistakes: the basic options first. */
static rule *const rules[] = {
	rule_names, rule_listen, rule_modes, rule_program, rule_builtin, rule_redirect, rule_pass, rule_bind,
	rule_commands, rule_rows, rule_ready, rule_streams, rule_access, rule_backoff, rule_credentials,
	rule_paths, rule_templates,
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

#define WANTS_DEEPEST 64 /* services in a row of which each waits for the next */

/* What is known of the services while their needs are followed. */
struct wanting {
	const struct table *table;
	unsigned char *seen; /* of each row: UNSEEN …; OPEN: rows that lead to the present one */
	struct diags *diags;
};

static void check_wants_of(struct wanting *wanting, const struct service *service, unsigned depth);

/* Looks for the service that another one needs, and goes on to it if that waits for it. */
static void check_need(struct wanting *wanting, const struct service *service, const struct need *need, unsigned depth)
{
	const struct service *wanted = table_find(wanting->table, need->name);
	struct origin at = need->socket ? service_listen_origin(service, need->socket, need->option)
					: service_origin(service, need->option);
	unsigned char seen = wanted ? wanting->seen[wanted - wanting->table->services] : CHECKED;
	struct diags *diags = wanting->diags;

	if (!wanted && service->dialect == UNIT) {
		diag_warning(diags, at, "%s: %s: '%s' is skipped", service->name, need->option,
			     need->name);
	} else if (!wanted) {
		diag_error(diags, at, "%s: %s: the configuration has no service '%s'", service->name, need->option,
			   need->name);
		hint_at_name(wanting->table, need->name, diags);
	} else if (wanted == service || (need->order == NEED_BEFORE && !wanted->exec->accept)) {
		if (seen == OPEN || depth == WANTS_DEEPEST)
			service_refuse(service, need->option, diags, "%s: '%s' %s", need->option, need->name,
				       seen == OPEN ? "leads back to this service" : "comes after too many others");
		else if (seen == UNSEEN)
			check_wants_of(wanting, wanted, depth + 1);
	}
}

static void check_wants_of(struct wanting *wanting, const struct service *service, unsigned depth)
{
	struct need need;

	wanting->seen[service - wanting->table->services] = OPEN;
	for (size_t n = 0; service_need(service, n, &need); n++) {
		if (!service_is_unclear(service, need.option))
			check_need(wanting, service, &need, depth);
	}
	wanting->seen[service - wanting->table->services] = CHECKED;
}

void table_check(const struct table *table, struct diags *diags)
{
	struct wanting wanting = { .table = table, .seen = calloc(table->count + 1, 1), .diags = diags };

	check_names(table, diags);
	for (size_t i = 0; i < table->count; i++) {
		for (size_t n = 0; n < sizeof(rules) / sizeof(rules[0]); n++)
			rules[n](&table->services[i], diags);
	}
	if (!wanting.seen)
		diag_error(diags, (struct origin){ 0 }, "following requires and wants: out of memory");
	for (size_t n = 0; wanting.seen && n < table->count; n++) {
		if (wanting.seen[n] == UNSEEN)
			check_wants_of(&wanting, &table->services[n], 0);
	}
	free(wanting.seen);
}
