/* The attributes id, enabled, disabled and disable.
 *
 * xinetd asks for unique ids. But it runs two services with one id if their ports or protocols differ (`time` over TCP
 * and UDP), and it ignores disabled services with the same id. superd needs a unique name for each service, so the
 * first one that is enabled keeps the id as its label, and the others get other labels. */
#include "read/xinetd/value.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/scan.h"

/* The first line of an entry that sets this attribute to one word; NULL: none. */
static const struct xinetd_assignment *find_assignment(const struct xinetd_entry *entry,
						       enum xinetd_attribute attribute)
{
	for (size_t i = 0; i < entry->count; i++) {
		if (entry->list[i].attribute == (int)attribute && entry->list[i].count == 1)
			return &entry->list[i];
	}
	return NULL;
}

static bool has_id(const struct xinetd_value *ids, const char *id)
{
	for (size_t i = 0; i < ids->count; i++) {
		if (!strcasecmp(ids->words[i], id))
			return true;
	}
	return false;
}

/* Sets is_disabled and the place of the line that disables the entry. */
static void find_disabled(struct xinetd_entry *entry, const struct xinetd_value *defaults)
{
	const struct xinetd_value *enabled = &defaults[ATTR_ENABLED], *disabled = &defaults[ATTR_DISABLED];
	const struct xinetd_assignment *line = find_assignment(entry, ATTR_DISABLE);
	bool value = false;

	if (line && !scan_bool(line->words[0], &value) && value)
		entry->disabled_at = line->at;
	else if (enabled->is_set && !has_id(enabled, entry->id))
		entry->disabled_at = enabled->at;
	else if (disabled->is_set && has_id(disabled, entry->id))
		entry->disabled_at = disabled->at;
	else
		return;
	entry->is_disabled = true;
}

/* Sorts by id; of one id enabled entries come first, then the order of the files decides. */
static int compare_by_id(const void *a, const void *b)
{
	const struct xinetd_entry *first = *(struct xinetd_entry *const *)a, *second = *(struct xinetd_entry *const *)b;
	int order = strcmp(first->id, second->id);

	if (order)
		return order;
	if (first->is_disabled != second->is_disabled)
		return first->is_disabled ? 1 : -1;
	return first < second ? -1 : first > second;
}

static int compare_id(const void *id, const void *entry)
{
	return strcmp(id, (*(struct xinetd_entry *const *)entry)->id);
}

/* A label that is no entry's id: the id with the socket type behind it, or else with a number. */
static const char *make_label(struct xinetd *xinetd, struct xinetd_entry **sorted, const struct xinetd_entry *entry,
			      unsigned *number)
{
	const struct xinetd_assignment *type = find_assignment(entry, ATTR_SOCKET_TYPE);
	bool by_type = type && *number == 2 && !scan_ends_with(entry->id, type->words[0]);
	const char *label = by_type ? pool_textf(xinetd->pool, "%s-%s", entry->id, type->words[0])
				    : pool_textf(xinetd->pool, "%s-%u", entry->id, (*number)++);

	while (bsearch(label, sorted, xinetd->count, sizeof(*sorted), compare_id))
		label = pool_textf(xinetd->pool, "%s-%u", entry->id, (*number)++);
	*number += *number == 2;
	return label;
}

static void relabel_entry(struct xinetd *xinetd, struct xinetd_entry **sorted, struct xinetd_entry *entry,
			  const struct xinetd_entry *first, unsigned *number)
{
	struct buf place = { 0 };

	entry->label = make_label(xinetd, sorted, entry, number);
	origin_describe(first->at, &place);
	diags_add(&entry->diags, entry->is_disabled ? SEVERITY_NOTE : SEVERITY_WARNING, entry->at,
		  "the id %s is taken already%s: this service is called %s", entry->id, buf_string(&place),
		  entry->label);
	if (!entry->is_disabled)
		diags_hint(&entry->diags, "set an id of its own: id = %s", entry->label);
	buf_free(&place);
}

static void label_entries(struct xinetd *xinetd)
{
	struct xinetd_entry **sorted = pool_alloc(xinetd->pool, xinetd->count * sizeof(struct xinetd_entry *));
	unsigned number = 2;
	size_t first = 0;

	for (size_t i = 0; i < xinetd->count; i++)
		sorted[i] = &xinetd->services[i];
	qsort(sorted, xinetd->count, sizeof(struct xinetd_entry *), compare_by_id);
	for (size_t i = 1; i < xinetd->count; i++) {
		if (!strcmp(sorted[first]->id, sorted[i]->id)) {
			relabel_entry(xinetd, sorted, sorted[i], sorted[first], &number);
		} else {
			first = i;
			number = 2;
		}
	}
}

/* Warns of ids that no service has: a misspelt one would leave the wrong services enabled. */
static void check_ids(const struct xinetd *xinetd, const struct xinetd_value *ids, const char *attribute,
		      struct diags *diags)
{
	for (size_t i = 0; i < ids->count; i++) {
		bool found = false;

		for (size_t k = 0; k < xinetd->count && !found; k++)
			found = !strcasecmp(xinetd->services[k].id, ids->words[i]);
		if (!found)
			diag_warning(diags, ids->word_at[i], "%s: no service has the id '%s'", attribute,
				     ids->words[i]);
	}
}

/* Whether a wrong line may have been meant to set the id. */
static bool may_hide_id(const struct xinetd_entry *entry)
{
	for (size_t i = 0; i < entry->count; i++) {
		int attribute = entry->list[i].attribute;

		if (attribute < 0 || attribute == ATTR_ID)
			return true;
	}
	return entry->is_broken;
}

void xinetd_assign_ids(struct xinetd *xinetd, struct reading *reading, const struct xinetd_value *defaults)
{
	for (size_t i = 0; i < xinetd->count; i++) {
		struct xinetd_entry *entry = &xinetd->services[i];
		const struct xinetd_assignment *id = find_assignment(entry, ATTR_ID);

		entry->id = entry->label = id ? id->words[0] : entry->name;
		entry->is_doubtful = !id && may_hide_id(entry);
		find_disabled(entry, defaults);
	}
	label_entries(xinetd);
	check_ids(xinetd, &defaults[ATTR_ENABLED], "enabled", reading->diags);
	check_ids(xinetd, &defaults[ATTR_DISABLED], "disabled", reading->diags);
}
