/* Applies the lines of an entry. Checks their operators, their number of values and whether they may stand there.
 *
 * xinetd warns of an unknown attribute, of one that is set already, and of a line with a wrong operator, with a wrong
 * number of values or in the wrong place. It drops the line, and runs the service without it. So does superd, unless
 * the service would be another one, or run without a restriction: then it refuses the line. A wrong line of defaults
 * marks its attribute as broken, so that no service runs without the value that it should inherit. */
#include "read/xinetd/value.h"

#include <strings.h>

/* The state of applying an entry's lines. */
struct merger {
	struct xinetd *xinetd;
	struct xinetd_entry *entry;
	bool is_defaults;
	struct xinetd_value *values;
	bool is_own[ATTRIBUTES];        /* a line of the entry itself set the attribute */
};

/* Whether a service is another one without this attribute, or does not have a restriction. */
static bool is_essential(const struct key_row *rule)
{
	return rule->flags & (ATTR_MAKES_SERVICE | ATTR_RESTRICTS);
}

static void report_unknown_attribute(struct xinetd_entry *entry, const struct xinetd_assignment *written)
{
	const char *nearest = xinetd_attribute_suggest(written->name);

	if (nearest && is_essential(xinetd_rule(xinetd_attribute_find(nearest))))
		xinetd_entry_refuse(entry, written->at, "unknown attribute '%s'", written->name);
	else
		diag_warning(&entry->diags, written->at, "unknown attribute '%s': it is left out, as in xinetd",
			     written->name);
	if (nearest)
		diags_hint(&entry->diags, "did you mean '%s'?", nearest);
}

/* Reports a line that xinetd drops. */
#define drop_line(merger, rule, at, format, ...) \
	((merger)->entry->is_broken |= is_essential(rule), \
	 diags_add(&(merger)->entry->diags, is_essential(rule) ? SEVERITY_ERROR : SEVERITY_WARNING, at, format "%s", \
		   __VA_ARGS__, is_essential(rule) ? "" : ": the line is left out, as in xinetd"))

/* Whether one of the words of `flags` restricts who may connect. */
static bool has_restricting_flag(const struct xinetd_assignment *written)
{
	static const char *const guards[] = { "IDONLY", "SENSOR", "LABELED", "INTERCEPT", NULL };

	for (size_t i = 0; i < written->count; i++) {
		if (xinetd_word_find(guards, written->words[i]) >= 0)
			return true;
	}
	return false;
}

/* v6only = no, as many distributions have it in defaults: it would change nothing there. */
static bool changes_nothing(enum xinetd_attribute attribute, const struct xinetd_assignment *written)
{
	return attribute == ATTR_V6ONLY && written->count == 1 && !strcasecmp(written->words[0], "no");
}

/* false: the attribute does not belong here. That is an error if it restricts, else a warning. */
static bool is_allowed_here(struct merger *merger, enum xinetd_attribute attribute,
			    const struct xinetd_assignment *written)
{
	const struct key_row *rule = xinetd_rule(attribute);
	bool restricts = attribute == ATTR_FLAGS ? has_restricting_flag(written) : rule->flags & ATTR_RESTRICTS;
	const char *where = merger->is_defaults ? "defaults: each service has its own" : "a service but to defaults";

	if (merger->is_defaults && rule->flags & ATTR_IGNORED_IN_DEFAULTS) {
		diag_warning(&merger->entry->diags, written->at,
			     "xinetd ignores %s in defaults; superd applies it to each service", written->name);
		diags_hint(&merger->entry->diags, "write it into each service that it is for");
	}
	if (rule->flags & (merger->is_defaults ? ATTR_IN_DEFAULTS : 0))
		return true;
	if (!merger->is_defaults && !(rule->flags & ATTR_NOT_IN_SERVICE))
		return true;
	if (restricts)
		xinetd_entry_refuse(merger->entry, written->at, "%s does not belong to %s", written->name, where);
	if (restricts && attribute == ATTR_DISABLED && !merger->is_defaults)
		diags_hint(&merger->entry->diags, "disable = yes disables this service");
	if (!restricts && !changes_nothing(attribute, written))
		diag_warning(&merger->entry->diags, written->at, "%s does not belong to %s; it means nothing here",
			     written->name, where);
	return false;
}

static bool count_fits(struct merger *merger, const struct key_row *rule, const struct xinetd_assignment *written)
{
	bool fits = rule->values == ANY_VALUES || (rule->values == SOME_VALUES && written->count > 0) ||
		    (rule->values >= 0 && (size_t)rule->values == written->count);
	struct origin at = written->at;

	if (fits)
		return true;
	if (rule->values >= 0 && written->count > (size_t)rule->values)
		at = written->word_at[rule->values];
	if (rule->values == SOME_VALUES)
		xinetd_entry_refuse(merger->entry, at, "%s needs at least one value", written->name);
	else
		drop_line(merger, rule, at, "%s needs %s, not %zu", written->name,
			  rule->values == 1 ? "one value" : "two values", written->count);
	if (written->count > 1 && written->words[rule->values > 0 ? rule->values : 0][0] == '#')
		diags_hint(&merger->entry->diags, "a comment must be on a line of its own");
	else if (rule == xinetd_rule(ATTR_SERVER) && written->count > 1)
		diags_hint(&merger->entry->diags, "the program's arguments belong in server_args");
	return false;
}

static bool operator_fits(struct merger *merger, const struct key_row *rule,
			  const struct xinetd_assignment *written)
{
	if (written->sign == OPERATOR_SET || (written->sign == OPERATOR_ADD && rule->flags & ATTR_ADDS) ||
	    (written->sign == OPERATOR_REMOVE && rule->flags & ATTR_REMOVES))
		return true;
	if (rule->flags & ATTR_ADDS)
		xinetd_entry_refuse(merger->entry, written->at, "%s knows no -=", written->name);
	else
		drop_line(merger, rule, written->at, "%s knows no %s", written->name,
			  written->sign == OPERATOR_ADD ? "+=" : "-=");
	diags_hint(&merger->entry->diags, rule->values == SOME_VALUES ? "write all its words after one =" : "write =");
	return false;
}

static void report_second_line(struct merger *merger, enum severity severity, const struct xinetd_value *value,
			       const struct xinetd_assignment *written)
{
	struct buf place = { 0 };

	origin_describe(value->at, &place);
	diags_add(&merger->entry->diags, severity, written->at, "%s is already set%s, and %s", written->name,
		  buf_string(&place), severity == SEVERITY_ERROR ? "this would replace it" : "that counts");
	buf_free(&place);
}

/* Whether a second = would replace a list that restricts, so that clients get in whom the first one keeps out. In
 * defaults a second = adds to the list. */
static bool replaces_restriction(const struct merger *merger, enum xinetd_attribute attribute,
				 const struct xinetd_assignment *written)
{
	return merger->is_own[attribute] && !merger->is_defaults && written->sign == OPERATOR_SET &&
		xinetd_rule(attribute)->flags & ATTR_RESTRICTS &&
		!xinetd_value_equals(&merger->values[attribute], written);
}

static void apply_assignment(struct merger *merger, enum xinetd_attribute attribute,
			     const struct xinetd_assignment *written)
{
	const struct key_row *rule = xinetd_rule(attribute);
	struct xinetd_value *value = &merger->values[attribute];
	bool is_list = rule->flags & ATTR_ADDS;

	if (merger->is_own[attribute] && !is_list) {    /* as in xinetd the first line counts */
		report_second_line(merger, SEVERITY_WARNING, value, written);
		return;
	}
	if (replaces_restriction(merger, attribute, written)) {
		report_second_line(merger, SEVERITY_ERROR, value, written);
		diags_hint(&merger->entry->diags, "write both lists in one line, or add to the first by +=");
		merger->entry->is_broken = true;
		return;
	}
	if (!is_list || (written->sign == OPERATOR_SET && !merger->is_defaults))
		xinetd_value_set(value, written);
	else if (written->sign == OPERATOR_REMOVE)
		xinetd_value_remove(merger->xinetd, merger->entry, attribute, value, written);
	else
		xinetd_value_add(merger->xinetd, value, written);
	value->at = written->at;
	value->is_set = true;
	value->is_inherited = false;
	merger->is_own[attribute] = true;
}

static void merge_assignment(struct merger *merger, const struct xinetd_assignment *written)
{
	int attribute = written->attribute;
	size_t errors = merger->entry->diags.errors;

	if (attribute < 0) {
		report_unknown_attribute(merger->entry, written);
		return;
	}
	if (is_allowed_here(merger, attribute, written) && operator_fits(merger, xinetd_rule(attribute), written) &&
	    count_fits(merger, xinetd_rule(attribute), written))
		apply_assignment(merger, attribute, written);
	else if (merger->entry->diags.errors > errors)
		merger->values[attribute].is_broken = true;
}

void xinetd_merge(struct xinetd *xinetd, struct xinetd_entry *entry, const struct xinetd_value *defaults,
		  struct xinetd_value *values)
{
	struct merger merger = { .xinetd = xinetd, .entry = entry, .is_defaults = !defaults, .values = values };

	for (int i = 0; i < ATTRIBUTES; i++) {
		values[i] = defaults ? defaults[i] : (struct xinetd_value){ 0 };
		values[i].is_inherited = values[i].is_set;
		values[i].capacity = 0;
	}
	for (size_t i = 0; i < entry->count; i++)
		merge_assignment(&merger, &entry->list[i]);
}
